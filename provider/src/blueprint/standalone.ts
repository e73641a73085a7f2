import type { Blueprint } from './blueprint';
import type { PlatformArgs, PlatformLimits } from './platformArgs';

const LIMIT_SETTINGS: Readonly<Record<keyof PlatformLimits, string>> = {
  invocationsPerMinute: 'LIMITS_ACTIONS_INVOKES_PERMINUTE',
  concurrentInvocations: 'LIMITS_ACTIONS_INVOKES_CONCURRENT',
  firesPerMinute: 'LIMITS_TRIGGERS_FIRES_PERMINUTE',
  sequenceLength: 'LIMITS_ACTIONS_SEQUENCE_MAXLENGTH',
};

/** Whether parts count what they do and answer `/metrics`. */
export const METRICS_SETTING = 'CONFIG_whisk_metrics_prometheusEnabled';

/** Seconds until the platform must answer; it takes less than one, unless the machine is busy. */
const HEALTH_TIMEOUT = 30;

/** Controller and invoker in one process, with embedded store and bus: the smallest whole platform. */
export function standaloneBlueprint(args: PlatformArgs): Blueprint {
  const service = 'platform';
  const apiPort = args.apiPort ?? 3233;
  const adminPort = args.adminPort ?? 3234;
  return {
    services: [
      {
        name: service,
        program: 'standalone',
        replicas: 1,
        env: {
          ...limitSettings(args.limits ?? {}),
          ...(args.userMemory === undefined ? {} : { CONFIG_whisk_containerPool_userMemory: `${args.userMemory} m` }),
          ...args.settings,
          OPENWHISK_API_HOST: args.host ?? '127.0.0.1',
          OPENWHISK_API_PORT: String(apiPort),
          OPENWHISK_ADMIN_PORT: String(adminPort),
          OPENWHISK_DATA_DIR: '{dataDir}',
          OPENWHISK_INSTANCE_ID: '{instanceId}',
          OPENWHISK_LOG_LEVEL: args.logLevel ?? 'info',
        },
        secrets: { OPENWHISK_ADMIN_KEY: 'adminKey' },
        ports: [
          { name: 'api', port: apiPort },
          { name: 'admin', port: adminPort },
        ],
        volumes: [{ name: 'data', retain: args.retainData ?? false }],
        health: { port: 'admin', path: '/health', timeout: HEALTH_TIMEOUT },
        needs: [],
      },
    ],
    images: [],
    networks: [],
    generatedSecrets: ['adminKey'],
    endpoints: { api: { service, port: 'api' }, admin: { service, port: 'admin' } },
    metrics: args.settings?.[METRICS_SETTING] === 'true' ? [`${args.host ?? '127.0.0.1'}:${apiPort}`] : [],
  };
}

export function limitSettings(limits: PlatformLimits): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [limit, setting] of Object.entries(LIMIT_SETTINGS)) {
    const value = limits[limit as keyof PlatformLimits];
    if (value !== undefined) settings[setting] = String(value);
  }
  return settings;
}

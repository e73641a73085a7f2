import { checkPlatformArgs, type PlatformArgs } from './platformArgs';
import { standaloneBlueprint } from './standalone';

it('is one service with the documented defaults', () => {
  const blueprint = standaloneBlueprint({});
  expect(blueprint.services).toHaveLength(1);
  expect(blueprint.services[0]).toEqual({
    name: 'platform',
    program: 'standalone',
    replicas: 1,
    env: {
      OPENWHISK_API_HOST: '127.0.0.1',
      OPENWHISK_API_PORT: '3233',
      OPENWHISK_ADMIN_PORT: '3234',
      OPENWHISK_DATA_DIR: '{dataDir}',
      OPENWHISK_INSTANCE_ID: '{instanceId}',
      OPENWHISK_LOG_LEVEL: 'info',
    },
    secrets: { OPENWHISK_ADMIN_KEY: 'adminKey' },
    ports: [
      { name: 'api', port: 3233 },
      { name: 'admin', port: 3234 },
    ],
    volumes: [{ name: 'data', retain: false }],
    health: { port: 'admin', path: '/health', timeout: 30 },
    needs: [],
  });
});

it('turns arguments into settings of the platform', () => {
  const [service] = standaloneBlueprint({
    apiPort: 1,
    adminPort: 2,
    host: '0.0.0.0',
    limits: { invocationsPerMinute: 1, concurrentInvocations: 2, firesPerMinute: 3, sequenceLength: 4 },
    userMemory: 512,
    retainData: true,
    settings: { CONFIG_whisk_x: 'y', OPENWHISK_API_PORT: '99' },
  }).services;
  expect(service!.env).toMatchObject({
    LIMITS_ACTIONS_INVOKES_PERMINUTE: '1',
    LIMITS_ACTIONS_INVOKES_CONCURRENT: '2',
    LIMITS_TRIGGERS_FIRES_PERMINUTE: '3',
    LIMITS_ACTIONS_SEQUENCE_MAXLENGTH: '4',
    CONFIG_whisk_containerPool_userMemory: '512 m',
    CONFIG_whisk_x: 'y',
    OPENWHISK_API_HOST: '0.0.0.0',
    // Ports have arguments of their own: the supervisor has to know them.
    OPENWHISK_API_PORT: '1',
  });
  expect(service!.volumes).toEqual([{ name: 'data', retain: true }]);
});

it.each<[PlatformArgs, string]>([
  [{ target: 'moon' as 'local' }, 'target'],
  [{ apiPort: 0 }, 'apiPort'],
  [{ apiPort: 3234 }, 'adminPort'],
  [{ limits: { firesPerMinute: -1 } }, 'limits.firesPerMinute'],
  [{ userMemory: 64 }, 'userMemory'],
  [{ logLevel: 'loud' as 'info' }, 'logLevel'],
])('refuses %j at %s', (args, path) => {
  expect(checkPlatformArgs(args).map((problem) => problem.path)).toEqual([path]);
});

it('refuses nothing that is right', () => {
  expect(checkPlatformArgs({ target: 'local', apiPort: 1, limits: { firesPerMinute: 0 }, logLevel: 'debug', userMemory: 128 })).toEqual([]);
});

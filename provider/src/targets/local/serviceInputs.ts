import { checkShape, text, withoutNulls } from '../../resources/inputCheck';
import type { CheckFailure, CheckRequest, CheckResult } from '../../resources/resourceModel';
import { containsUnknown, isValueMap, reveal, revealDeep, Unknown, type Value, type ValueMap } from '../../resources/values';
import { isProgramName, programFile, programHash } from './programs';
import type { ServiceFolder } from './serviceFolder';
import type { ServiceSpec } from './supervisor';

const PROPERTIES = {
  name: 'string',
  program: 'string',
  programHash: 'any',
  command: 'any',
  env: 'map',
  host: 'string',
  ports: 'map',
  health: 'map',
  dataDir: 'string',
  retainData: 'boolean',
  stopGrace: 'number',
  status: 'string',
} as const;

const DEFAULT_HEALTH_TIMEOUT = 30;
/** The platform lets running invocations end for up to 10 s. */
const DEFAULT_STOP_GRACE = 15;

/** Fills in what a service has by default, and the hash of the program it runs. */
export async function checkService(request: CheckRequest): Promise<CheckResult> {
  const inputs: ValueMap = { name: request.logicalName, host: '127.0.0.1', ...withoutNulls(request.inputs), status: 'running' };
  const failures = [...checkShape(inputs, PROPERTIES), ...checkPorts(inputs.ports), ...(await checkProgram(inputs))];
  if (inputs.dataDir === undefined) failures.push({ path: ['dataDir'], reason: 'is required: the folder for its data and logs' });
  return { inputs, failures };
}

async function checkProgram(inputs: ValueMap): Promise<CheckFailure[]> {
  delete inputs.programHash;
  const program = text(inputs.program);
  if (program === undefined) {
    const command = revealDeep(inputs.command ?? null);
    const whole = Array.isArray(command) && command.length > 0 && command.every((part) => typeof part === 'string');
    return whole || containsUnknown(inputs.command)
      ? []
      : [{ path: ['command'], reason: 'must be a list of the program and its arguments' }];
  }
  if (!isProgramName(program)) return [{ path: ['program'], reason: `"${program}" is not a program of the platform` }];
  const hash = await programHash(program);
  if (hash === undefined) return [{ path: ['program'], reason: `is not built: there is no ${programFile(program)} (run "npm run build")` }];
  inputs.programHash = hash;
  return [];
}

function checkPorts(value: Value | undefined): CheckFailure[] {
  const ports = reveal(value);
  if (!isValueMap(ports)) return [];
  const failures: CheckFailure[] = [];
  const taken = new Map<number, string>();
  for (const [name, port] of Object.entries(ports)) {
    const number = reveal(port);
    if (number instanceof Unknown) continue;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > 65535) {
      failures.push({ path: ['ports', name], reason: 'must be a port number from 1 to 65535' });
    } else if (taken.has(number))
      failures.push({ path: ['ports', name], reason: `is port ${number}, which "${taken.get(number)}" has already` });
    else taken.set(number, name);
  }
  return failures;
}

/** Addresses of the ports by name. */
export function urlsOf(inputs: ValueMap): ValueMap {
  const ports = reveal(inputs.ports);
  if (!isValueMap(ports)) return {};
  return Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, `http://${text(inputs.host)}:${reveal(port)}`]));
}

export function stopGraceOf(inputs: ValueMap): number {
  const grace = reveal(inputs.stopGrace);
  return typeof grace === 'number' ? grace : DEFAULT_STOP_GRACE;
}

/** What to start. `{dataDir}` in the environment stands for the data folder, whose place is no part of the state. */
export function specOf(inputs: ValueMap, folder: ServiceFolder, instanceId: string): ServiceSpec {
  const program = text(inputs.program);
  const ports = revealDeep(inputs.ports ?? {}) as Record<string, number>;
  const health = revealDeep(inputs.health ?? {}) as { port?: string; path?: string; timeout?: number };
  const host = text(inputs.host)!;
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(revealDeep(inputs.env ?? {}) as Record<string, string>)) {
    env[name] = String(value).replaceAll('{dataDir}', folder.data).replaceAll('{instanceId}', instanceId);
  }
  return {
    name: text(inputs.name)!,
    command:
      program !== undefined && isProgramName(program)
        ? [process.execPath, programFile(program)]
        : (revealDeep(inputs.command!) as string[]),
    env,
    host,
    ports,
    healthUrl: `http://${host}:${ports[health.port ?? ''] ?? Object.values(ports)[0]}${health.path ?? '/'}`,
    healthTimeout: health.timeout ?? DEFAULT_HEALTH_TIMEOUT,
    instanceId,
  };
}

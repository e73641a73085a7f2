import type { WireLimits } from '../openwhisk/entities';
import type { CheckFailure } from './resourceModel';
import { isValueMap, reveal, Unknown, type Value, type ValueMap } from './values';

/** The limits of an action: what the platform fills in, and the range an unconfigured platform accepts (rest-api.md, "PUT semantics"). */
export const ACTION_LIMITS = {
  timeout: { default: 60_000, unit: 'ms' },
  memory: { default: 256, unit: 'MB' },
  logs: { default: 10, unit: 'MB' },
  concurrency: { default: 1, unit: 'invocations at a time' },
} as const;
export type ActionLimitName = keyof typeof ACTION_LIMITS;
const NAMES = Object.keys(ACTION_LIMITS) as ActionLimitName[];

export const DEFAULT_ACTION_LIMITS: ValueMap = Object.fromEntries(NAMES.map((name) => [name, ACTION_LIMITS[name].default]));

/** Only what holds on every platform is checked here: an operator or a namespace may set other ranges. */
export function checkLimits(value: Value | undefined): CheckFailure[] {
  const limits = reveal(value);
  if (limits === undefined || limits === null || limits instanceof Unknown) return [];
  if (!isValueMap(limits)) return [{ path: ['limits'], reason: `must be a map of ${NAMES.join(', ')}` }];
  const failures: CheckFailure[] = [];
  for (const [name, limit] of Object.entries(limits)) {
    const path = ['limits', name];
    const number = reveal(limit);
    if (!(name in ACTION_LIMITS)) failures.push({ path, reason: `is not a limit of an action: there are ${NAMES.join(', ')}` });
    else if (number instanceof Unknown || number === null) continue;
    else if (typeof number !== 'number' || !Number.isInteger(number) || number < (name === 'logs' ? 0 : 1)) {
      failures.push({
        path,
        reason: `must be a whole number of ${ACTION_LIMITS[name as ActionLimitName].unit}${name === 'logs' ? '' : ', at least 1'}`,
      });
    }
  }
  return failures;
}

/** The wanted limits for a PUT: those that are set, and the default of those that were set before and no longer are. */
export function limitsToSend(wanted: Value | undefined, before: Value | undefined): WireLimits | undefined {
  const now = asMap(wanted);
  const then = asMap(before);
  const send: WireLimits = {};
  for (const name of NAMES) {
    const value = reveal(now[name]);
    if (typeof value === 'number') send[name] = value;
    else if (typeof reveal(then[name]) === 'number') send[name] = ACTION_LIMITS[name].default;
  }
  return Object.keys(send).length === 0 ? undefined : send;
}

/** All limits the live action has, as an output. */
export function limitsFromWire(limits: WireLimits): ValueMap {
  const map: ValueMap = {};
  for (const name of NAMES) map[name] = limits[name] ?? ACTION_LIMITS[name].default;
  return map;
}

/**
 * The inputs that would give the live limits: what the program left out stays out as long as the live value is the one last
 * seen (or, on an import, the default).
 */
export function limitsAsInputs(live: ValueMap, oldInputs: Value | undefined, oldOutputs: Value | undefined): ValueMap | undefined {
  const given = asMap(oldInputs);
  const seen = asMap(oldOutputs);
  const inputs: ValueMap = {};
  for (const name of NAMES) {
    const leftOut = given[name] === undefined || given[name] === null;
    if (!leftOut || live[name] !== (seen[name] ?? ACTION_LIMITS[name].default)) inputs[name] = live[name]!;
  }
  return Object.keys(inputs).length === 0 ? undefined : inputs;
}

/** The limits an action with these inputs will have, on a platform with the usual defaults. */
export function effectiveLimits(wanted: Value | undefined): ValueMap {
  return { ...DEFAULT_ACTION_LIMITS, ...Object.fromEntries(Object.entries(asMap(wanted)).filter(([, value]) => reveal(value) !== null)) };
}

function asMap(value: Value | undefined): ValueMap {
  const plain = reveal(value);
  return isValueMap(plain) ? plain : {};
}

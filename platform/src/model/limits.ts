import type { SystemLimits } from '../config/settings';
import { MalformedEntity, RequirementFailed } from './errors';
import type { ActionLimits } from './exec';
import type { NamespaceLimits } from './identity';
import { isJsonObject } from './json';

export interface Range {
  min: number;
  max: number;
}

export interface ActionLimitBounds {
  memory: Range;
  timeout: Range;
  logs: Range;
  concurrency: Range;
  instances: Range;
}

/** The thresholds an action of this namespace must keep: the namespace's own where set, else the system's. */
export function actionLimitBounds(namespace: NamespaceLimits, system: SystemLimits): ActionLimitBounds {
  return {
    memory: { min: namespace.minActionMemory ?? system.memory.min, max: namespace.maxActionMemory ?? system.memory.max },
    timeout: { min: namespace.minActionTimeout ?? system.timeout.min, max: namespace.maxActionTimeout ?? system.timeout.max },
    logs: { min: namespace.minActionLogs ?? system.logs.min, max: namespace.maxActionLogs ?? system.logs.max },
    concurrency: {
      min: namespace.minActionConcurrency ?? system.concurrency.min,
      max: namespace.maxActionConcurrency ?? system.concurrency.max,
    },
    instances: { min: 0, max: namespace.concurrentInvocations ?? system.concurrentInvocations },
  };
}

/** Name of the limit in the "must be whole number" text, and the text for a value of the wrong type. */
const wording = {
  timeout: ['time limit', 'time limit malformed'],
  memory: ['memory limit', 'memory limit malformed'],
  logs: ['log limit', 'log limit malformed'],
  concurrency: ['intra concurrency limit', 'concurrency limit malformed'],
  instances: ['instance concurrency limit', 'instance concurrency limit malformed'],
} as const;

export type LimitName = keyof typeof wording;

/** Types only: bounds are the business of `checkLimits`, later, with another kind of answer. */
export function parseLimits(value: unknown): Partial<ActionLimits> {
  if (!isJsonObject(value)) throw new MalformedEntity('limits malformed');
  const limits: Partial<ActionLimits> = {};
  for (const name of Object.keys(wording) as LimitName[]) {
    const given = value[name];
    if (given === undefined || given === null) continue;
    const [whole, malformed] = wording[name];
    if (typeof given !== 'number') throw new MalformedEntity(malformed);
    if (!Number.isInteger(given)) throw new MalformedEntity(`requirement failed: ${whole} must be whole number`);
    if (given < 0 && (name === 'memory' || name === 'logs')) {
      throw new MalformedEntity('requirement failed: a negative size of an object is not allowed.');
    }
    if (given < 0 && name === 'instances') {
      throw new MalformedEntity('requirement failed: Action container concurrency must be greater than or equal to 0.');
    }
    limits[name] = given;
  }
  return limits;
}

export function defaultLimits(system: SystemLimits): ActionLimits {
  return { timeout: system.timeout.std, memory: system.memory.std, logs: system.logs.std, concurrency: system.concurrency.std };
}

/** Checked in OpenWhisk's order: memory, timeout, logs, concurrency, instances. */
export function checkLimits(limits: ActionLimits, bounds: ActionLimitBounds): void {
  between(limits.memory, bounds.memory, (n) => `memory size ${n} MB`, ' MB');
  between(limits.timeout, bounds.timeout, (n) => `duration ${n} milliseconds`, ' milliseconds');
  between(limits.logs, bounds.logs, (n) => `log size ${n} MB`, ' MB');
  between(limits.concurrency, bounds.concurrency, (n) => `concurrency ${n}`, '');
  if (limits.instances !== undefined && limits.instances > bounds.instances.max) {
    throw new InstancesExceeded(bounds.instances.max);
  }
}

/** Unlike the other limits this one is shown without the "requirement failed" prefix. */
export class InstancesExceeded extends Error {
  constructor(allowed: number) {
    super(`Max action instance concurrency must not exceed your namespace concurrency of ${allowed}.`);
    this.name = 'InstancesExceeded';
  }
}

function between(value: number, range: Range, describe: (n: number) => string, unit: string): void {
  if (value > range.max) throw new RequirementFailed(`${describe(value)} exceeds allowed threshold of ${range.max}${unit}`);
  if (value < range.min) throw new RequirementFailed(`${describe(value)} below allowed threshold of ${range.min}${unit}`);
}

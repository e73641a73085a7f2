import type { OptionForm } from './arguments';
import { type Command, done, fail, missing } from './userCommands';

const number = (help: string): OptionForm => ({ help, number: true });
const text = (help: string): OptionForm => ({ help });

/** Options of `limits set`; each is called as the field of the limits document that it sets. */
export const limitOptions: Readonly<Record<string, OptionForm>> = {
  invocationsPerMinute: number('invocations per minute allowed'),
  firesPerMinute: number('trigger fires per minute allowed'),
  concurrentInvocations: number('concurrent invocations allowed for this namespace'),
  allowedKinds: { help: 'list of runtime kinds allowed in this namespace', list: true },
  minActionMemory: number('minimum memory of an action, MB'),
  maxActionMemory: number('maximum memory of an action, MB'),
  minActionLogs: number('minimum log size of an action, MB'),
  maxActionLogs: number('maximum log size of an action, MB'),
  minActionTimeout: number('minimum time limit of an action, ms'),
  maxActionTimeout: number('maximum time limit of an action, ms'),
  minActionConcurrency: number('minimum activations a container takes at a time'),
  maxActionConcurrency: number('maximum activations a container takes at a time'),
  maxActionInstances: number('maximum containers of an action'),
  maxParameterSize: text("maximum size of an entity's parameters, such as '1048576 B'"),
  maxPayloadSize: text('maximum size of a payload'),
  truncationSize: text('what is left of a result that is too long'),
};

const shown = [...Object.keys(limitOptions).slice(0, 4), 'storeActivations', ...Object.keys(limitOptions).slice(4)];

export const setLimits: Command = async ({ admin, print }, { positional, values, flags }) => {
  const path = pathOf(positional[0]!);
  const before = await admin('GET', path);
  if (before.status !== 200) return fail(print, `Failed to set limits (${before.json.error})`, 1);
  const limits: Record<string, unknown> = { ...before.json.limits, ...values };
  if (flags.has('enableStoreActivations')) limits.storeActivations = true;
  if (flags.has('disableStoreActivations')) limits.storeActivations = false;
  const { status, json } = await admin('PUT', `${path}?overwrite=true`, { limits });
  if (status !== 200) return fail(print, `Failed to set limits (${json.error})`, 1);
  return done(print, `Limits successfully set for "${positional[0]}"`);
};

export const getLimits: Command = async ({ admin, print }, { positional }) => {
  const { status, json } = await admin('GET', pathOf(positional[0]!));
  if (status !== 200 && status !== 404) return fail(print, `Failed to get limits (${json.error})`, 1);
  const limits: Record<string, unknown> = status === 200 ? json.limits : {};
  const lines = shown.flatMap((name) => (limits[name] === undefined ? [] : [`${name} = ${pythonic(limits[name])}`]));
  if (lines.length === 0) return fail(print, 'No limits found, default system limits apply', 1);
  for (const line of lines) print(line);
  return 0;
};

export const deleteLimits: Command = async ({ admin, print }, { positional }) => {
  const path = pathOf(positional[0]!);
  const before = await admin('GET', path);
  if (before.status !== 200 || Object.keys(before.json.limits).length === 0) return fail(print, `Failed to delete limits (${missing})`, 1);
  const { status, json } = await admin('PUT', `${path}?overwrite=true`, { limits: {} });
  return status === 200 ? done(print, 'Limits deleted') : fail(print, `Failed to delete limits (${json.error})`, 1);
};

function pathOf(namespace: string): string {
  return `/v1/namespaces/${encodeURIComponent(namespace)}`;
}

/** As the original, a Python program, shows values. */
function pythonic(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => `'${item}'`).join(', ')}]`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
}

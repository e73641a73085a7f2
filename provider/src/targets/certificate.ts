import { randomUUID } from 'node:crypto';
import { AUTHORITY_DAYS, renewalDays } from '../blueprint/tls';
import { Changes } from '../resources/changes';
import { checkShape, text, withoutNulls } from '../resources/inputCheck';
import type { ResourceModel } from '../resources/resourceModel';
import { reveal, revealDeep, Secret, UNKNOWN, type ValueMap } from '../resources/values';
import type { Authority } from './certificateAuthority';

const PROPERTIES = { names: 'list', days: 'number', renewal: 'string' } as const;
const DAY_MS = 86_400_000;

/**
 * A certificate of the platform, signed by an authority of its own. Both are made once and live in the (encrypted) state alone. An update
 * makes another certificate when its arguments change or its end is near; the authority, which clients were told to trust, stays as long as
 * it outlives what it signs.
 */
export const certificateModel: ResourceModel = {
  secretOutputs: ['key', 'authorityKey'],
  identity: [],

  async check(request) {
    const inputs: ValueMap = withoutNulls(request.inputs);
    return { inputs, failures: checkShape(inputs, PROPERTIES) };
  },

  async diff({ oldInputs, oldOutputs, inputs, ignored }) {
    const changes = new Changes(ignored);
    for (const property of ['names', 'days', 'renewal']) changes.value(property, oldInputs[property], inputs[property]);
    if (changes.list.length === 0 && isDue(oldOutputs)) return { changes: [{ path: ['expires'], kind: 'update' }] };
    return { changes: changes.list };
  },

  async predict(inputs, old) {
    const made = { certificate: UNKNOWN, key: new Secret(UNKNOWN), expires: UNKNOWN };
    const authority = old === undefined || authorityOf(old.outputs, inputs) === undefined ? unknownAuthority() : keptAuthority(old.outputs);
    return { id: old?.id ?? '', outputs: { ...inputs, ...authority, ...made } };
  },

  async create(inputs) {
    return { id: randomUUID(), outputs: await issued(inputs) };
  },

  async read({ id, oldInputs, oldOutputs }) {
    if (oldInputs === undefined || oldOutputs === undefined)
      throw new Error('A generated certificate lives in the state alone and cannot be imported.');
    return { id, inputs: oldInputs, outputs: oldOutputs };
  },

  async update({ inputs, oldOutputs }) {
    return issued(inputs, authorityOf(oldOutputs, inputs));
  },

  async delete() {
    // There is nothing outside of the state.
  },
};

function daysOf(values: ValueMap): number {
  return Number(reveal(values.days));
}

function isDue(outputs: ValueMap): boolean {
  return Date.parse(text(outputs.expires) ?? '') - renewalDays(daysOf(outputs)) * DAY_MS <= Date.now();
}

/** The authority of before; undefined when a certificate would outlive it. */
function authorityOf(outputs: ValueMap, inputs: ValueMap): Authority | undefined {
  const [certificate, key] = [text(outputs.caCertificate), text(outputs.authorityKey)];
  if (certificate === undefined || key === undefined) return undefined;
  const expires = new Date(text(outputs.authorityExpires)!);
  return expires.getTime() >= Date.now() + daysOf(inputs) * DAY_MS ? { certificate, key, expires } : undefined;
}

function keptAuthority({ caCertificate, authorityKey, authorityExpires }: ValueMap): ValueMap {
  return { caCertificate: caCertificate!, authorityKey: authorityKey!, authorityExpires: authorityExpires! };
}

function unknownAuthority(): ValueMap {
  return { caCertificate: UNKNOWN, authorityKey: new Secret(UNKNOWN), authorityExpires: UNKNOWN };
}

async function issued(inputs: ValueMap, kept?: Authority): Promise<ValueMap> {
  // the library is large, and few programs have a certificate made
  const { createAuthority, signCertificate } = require('./certificateAuthority') as typeof import('./certificateAuthority');
  const names = revealDeep(inputs.names!) as string[];
  const expires = new Date(Date.now() + daysOf(inputs) * DAY_MS);
  const authority = kept ?? (await createAuthority(names[0]!, new Date(Date.now() + AUTHORITY_DAYS * DAY_MS)));
  const { certificate, key } = await signCertificate(authority, names, expires);
  return {
    ...inputs,
    certificate,
    key: new Secret(key),
    expires: expires.toISOString(),
    caCertificate: authority.certificate,
    authorityKey: new Secret(authority.key),
    authorityExpires: authority.expires.toISOString(),
  };
}

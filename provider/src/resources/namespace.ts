import type { AdminNamespace } from '../openwhisk/adminClient';
import { ApiError } from '../openwhisk/errors';
import { Changes } from './changes';
import { alreadyExists } from './entityAddress';
import { parseNamespaceId } from './entityId';
import { sameValue } from './equality';
import { checkNames, checkShape, requiredText, text, withoutNulls } from './inputCheck';
import { defined, keepMap, keepValue } from './keepUnchanged';
import type { CheckFailure, ResourceModel } from './resourceModel';
import { isValueMap, reveal, Secret, UNKNOWN, Unknown, type Value, type ValueMap } from './values';

const TYPE = 'openwhisk:index:Namespace';
const PROPERTIES = {
  name: 'string',
  subject: 'string',
  auth: 'string',
  rotateKey: 'string',
  limits: 'map',
  blocked: 'boolean',
  forceDestroy: 'boolean',
} as const;

const LIMIT_SORTS: Readonly<Record<string, 'number' | 'string' | 'boolean' | 'list'>> = {
  invocationsPerMinute: 'number',
  concurrentInvocations: 'number',
  firesPerMinute: 'number',
  allowedKinds: 'list',
  storeActivations: 'boolean',
  minActionMemory: 'number',
  maxActionMemory: 'number',
  minActionLogs: 'number',
  maxActionLogs: 'number',
  minActionTimeout: 'number',
  maxActionTimeout: 'number',
  minActionConcurrency: 'number',
  maxActionConcurrency: 'number',
  maxActionInstances: 'number',
  maxParameterSize: 'string',
  maxPayloadSize: 'string',
  truncationSize: 'string',
  warmedContainerKeepingCount: 'number',
  warmedContainerKeepingTimeout: 'string',
};

/** `uuid:key` with a key of 64 characters, as every OpenWhisk key is. */
const AUTH = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:\S{64}$/i;

/** A namespace, its subject, its key and its limits: made through the admin API. */
export const namespaceModel: ResourceModel = {
  secretOutputs: ['auth', 'key'],
  identity: ['name'],

  async check(request) {
    const inputs = withoutNulls(request.inputs);
    const failures = [
      ...checkShape(inputs, PROPERTIES),
      ...checkNames(inputs, request, { defaultNamespace: undefined }),
      ...checkLimits(inputs.limits),
    ];
    const auth = text(inputs.auth);
    if (auth !== undefined && !AUTH.test(auth)) failures.push({ path: ['auth'], reason: 'must be "uuid:key" with a key of 64 characters' });
    if (inputs.auth !== undefined && inputs.rotateKey !== undefined)
      failures.push({ path: ['rotateKey'], reason: 'has no effect on a key that is given in auth: change that instead' });
    const subject = text(inputs.subject);
    if (subject !== undefined && subject.length < 5) failures.push({ path: ['subject'], reason: 'must be at least 5 characters long' });
    if (inputs.auth !== undefined && !(inputs.auth instanceof Secret)) inputs.auth = new Secret(inputs.auth);
    return { inputs, failures };
  },

  async diff({ oldInputs, oldOutputs, inputs, ignored }) {
    const changes = new Changes(ignored);
    changes.value('name', oldInputs.name, inputs.name, { replace: true });
    // A subject that is left out stays the one the platform chose.
    if (inputs.subject !== undefined) changes.value('subject', oldOutputs.subject, inputs.subject, { replace: true });
    if (inputs.auth !== undefined) changes.value('auth', oldOutputs.auth, inputs.auth);
    changes.value('rotateKey', oldInputs.rotateKey, inputs.rotateKey);
    changes.map('limits', oldInputs.limits, inputs.limits);
    changes.value('blocked', oldInputs.blocked, inputs.blocked, { fallback: false });
    changes.value('forceDestroy', oldInputs.forceDestroy, inputs.forceDestroy, { fallback: false });
    return { changes: changes.list };
  },

  async predict(inputs, old) {
    const keep = (property: string): Value => old?.outputs[property] ?? UNKNOWN;
    const id = typeof inputs.name === 'string' ? inputs.name : '';
    const renewed = old !== undefined && rotates(old.inputs, inputs);
    const auth = inputs.auth ?? (renewed ? UNKNOWN : keep('auth'));
    const rotated = renewed || (old !== undefined && inputs.auth !== undefined && text(inputs.auth) !== text(old.outputs.auth));
    return {
      id: old?.id ?? id,
      outputs: {
        ...inputs,
        subject: inputs.subject ?? keep('subject'),
        auth: auth instanceof Secret ? auth : new Secret(auth),
        key: rotated ? new Secret(UNKNOWN) : asSecret(keep('key')),
        uuid: rotated ? UNKNOWN : keep('uuid'),
      },
    };
  },

  async create(inputs, context) {
    const name = requiredText(inputs, 'name');
    const subject = text(inputs.subject);
    const auth = text(inputs.auth);
    const limits = plainLimits(inputs);
    const body = {
      ...(subject === undefined ? {} : { subject }),
      ...(auth === undefined ? {} : { auth }),
      ...(limits === undefined ? {} : { limits }),
      ...(reveal(inputs.blocked) === true ? { blocked: true } : {}),
    };
    try {
      return { id: name, outputs: outputsOf(await context.admin().putNamespace(name, body, false, context), inputs) };
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) {
        const existing = error.details.afterLostAttempt ? await context.admin().getNamespace(name, context) : undefined;
        // The attempt whose answer was lost may have made it: then the key is nobody else's yet.
        if (existing !== undefined && (auth === undefined || existing.auth === auth))
          return { id: name, outputs: outputsOf(existing, inputs) };
        throw alreadyExists(TYPE, context.logicalName, name);
      }
      throw error;
    }
  },

  async read({ id, oldInputs }, context) {
    const name = parseNamespaceId(id);
    const live = await context.admin().getNamespace(name, context);
    if (live === undefined) return undefined;
    const inputs = defined({
      name,
      subject: oldInputs?.subject === undefined && oldInputs !== undefined ? undefined : keepValue(oldInputs?.subject, live.subject),
      // The key is an input only where the program chose it.
      auth: oldInputs?.auth === undefined ? undefined : keepValue(oldInputs.auth, live.auth),
      rotateKey: oldInputs?.rotateKey,
      limits: keepMap(oldInputs?.limits, live.limits as ValueMap),
      blocked: keepValue(oldInputs?.blocked, live.blocked, false),
      forceDestroy: oldInputs?.forceDestroy,
    });
    return { id: name, inputs, outputs: outputsOf(live, inputs) };
  },

  async update(request, context) {
    const { inputs } = request;
    const name = parseNamespaceId(request.id);
    const { changes } = await namespaceModel.diff(request, context);
    const changed = new Set(changes.map((change) => change.path[0]));
    const admin = context.admin();
    if (changed.has('auth') || rotates(request.oldInputs, inputs)) await admin.rotateKey(name, text(inputs.auth), context);
    const body = {
      ...(changed.has('limits') ? { limits: plainLimits(inputs) ?? {} } : {}),
      ...(changed.has('blocked') ? { blocked: reveal(inputs.blocked) === true } : {}),
    };
    return outputsOf(await admin.putNamespace(name, body, true, context), inputs);
  },

  async delete(id, _outputs, inputs, context) {
    const name = parseNamespaceId(id);
    try {
      await context.admin().deleteNamespace(name, reveal(inputs.forceDestroy) === true, context);
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) {
        throw new Error(
          `The namespace "${name}" still holds entities this stack does not manage (${error.message}); delete them, or set forceDestroy.`,
        );
      }
      throw error;
    }
  },
};

/** A new `rotateKey` asks for another random key; taking it away asks for nothing. */
function rotates(old: ValueMap, wanted: ValueMap): boolean {
  if (wanted.auth !== undefined || wanted.rotateKey === undefined) return false;
  return !sameValue(old.rotateKey, wanted.rotateKey);
}

function checkLimits(value: Value | undefined): CheckFailure[] {
  const limits = reveal(value);
  if (!isValueMap(limits)) return [];
  const failures: CheckFailure[] = [];
  for (const [name, limit] of Object.entries(limits)) {
    const plain = reveal(limit);
    const sort = LIMIT_SORTS[name];
    if (sort === undefined)
      failures.push({ path: ['limits', name], reason: `is not a limit of a namespace: there are ${Object.keys(LIMIT_SORTS).join(', ')}` });
    else if (plain instanceof Unknown || plain === null) continue;
    else if (sort === 'list' ? !Array.isArray(plain) : typeof plain !== sort)
      failures.push({ path: ['limits', name], reason: `must be a ${sort}` });
    else if (typeof plain === 'number' && (!Number.isInteger(plain) || plain < 0)) {
      failures.push({ path: ['limits', name], reason: 'must be a whole number that is not negative' });
    }
  }
  return failures;
}

function plainLimits(inputs: ValueMap): AdminNamespace['limits'] | undefined {
  const limits = reveal(inputs.limits);
  if (!isValueMap(limits)) return undefined;
  return Object.fromEntries(
    Object.entries(limits)
      .map(([name, limit]) => [name, reveal(limit)] as const)
      .filter(([, limit]) => limit !== null),
  ) as AdminNamespace['limits'];
}

function asSecret(value: Value): Value {
  return value instanceof Secret ? value : new Secret(value);
}

function outputsOf(live: AdminNamespace, inputs: ValueMap): ValueMap {
  return { ...inputs, subject: live.subject, uuid: live.uuid, key: new Secret(live.key), auth: new Secret(live.auth) };
}

import type { WireTrigger } from '../openwhisk/entities';
import { CancelledError } from '../openwhisk/errors';
import type { EntityAddress } from '../openwhisk/openWhiskClient';
import { Changes } from './changes';
import { addressOf, predictedNames, predictedNamespace } from './entityAddress';
import { formatFullName, formatId, parseEntityId } from './entityId';
import { sameValue } from './equality';
import { PartialFailureError } from './errors';
import { Feed, givenSettings } from './feed';
import { checkNames, checkShape, text, withoutNulls } from './inputCheck';
import { defined, keepMap } from './keepUnchanged';
import { checkKeyValues, fromWire, toWire } from './keyValues';
import { annotationsFromWire, annotationsToWire, createEntity, withoutOwner } from './ownership';
import { checkReference, keepReference, referencedId, sameReference } from './references';
import type { CheckFailure, DiffRequest, OperationContext, PropertyChange, ResourceModel } from './resourceModel';
import { isValueMap, reveal, Unknown, type Value, type ValueMap, withSecretsOf } from './values';
import { predictedVersion } from './version';

const TYPE = 'openwhisk:index:Trigger';
const PROPERTIES = {
  name: 'string',
  namespace: 'string',
  parameters: 'map',
  annotations: 'map',
  feed: 'string',
  feedParameters: 'map',
  feedPaused: 'boolean',
} as const;
/** Parameters of a feed that the lifecycle itself fills in. */
const RESERVED = ['lifecycleEvent', 'triggerName', 'authKey'];
/** Time for taking back a trigger whose feed failed, in ms; it happens even when the operation's own time is up. */
const TAKE_BACK_MS = 15_000;

/** A trigger: a named event that rules connect to actions; with a feed, something outside fires it. */
export const triggerModel: ResourceModel = {
  secretOutputs: [],
  identity: ['name', 'namespace'],

  async check(request, context) {
    const inputs = withoutNulls(request.inputs);
    if (inputs.annotations !== undefined) inputs.annotations = withoutOwner(inputs.annotations)!;
    const failures = [
      ...checkShape(inputs, PROPERTIES),
      ...checkNames(inputs, request, context),
      ...checkKeyValues('parameters', inputs.parameters),
      ...checkKeyValues('annotations', inputs.annotations),
      ...checkFeed(inputs),
    ];
    return { inputs, failures };
  },

  async diff(request) {
    return { changes: triggerChanges(request) };
  },

  async predict(inputs, old) {
    const namespace = predictedNamespace(inputs, old);
    const { id, fqn } = predictedNames([namespace, inputs.name]);
    return { id: old?.id ?? id, outputs: { ...inputs, namespace, fqn, version: predictVersion(inputs, old) } };
  },

  async create(inputs, context) {
    const address = await addressOf(inputs, context);
    const body = {
      parameters: toWire(inputs.parameters),
      annotations: annotationsToWire(wantedAnnotations(inputs, address.namespace), context),
    };
    const { entity, resumed } = await createEntity('triggers', address, body, TYPE, context);
    const outputs = outputsOf(entity, address, inputs);
    const feed = feedOf(inputs, address, context);
    if (feed === undefined) return { id: formatId(address), outputs };
    // Whether an interrupted update came as far as the feed is not known, and many feeds refuse to be told twice.
    if (resumed) await feed.tell('DELETE', inputs.feedParameters).catch(() => undefined);
    try {
      await feed.tell('CREATE', inputs.feedParameters);
    } catch (error) {
      await takeBack(error as Error, address, inputs, outputs, context);
    }
    await applyPause(feed, address, inputs, outputs, false, context);
    return { id: formatId(address), outputs };
  },

  async read({ id, oldInputs, oldOutputs }, context) {
    const address = parseEntityId('trigger', id);
    const entity = await context.openwhisk().get('triggers', address, context);
    if (entity === undefined) return undefined;
    const { feed: feedAnnotation, ...annotations } = annotationsFromWire(entity.annotations);
    const feed = await liveFeed(feedAnnotation, address, oldInputs, oldOutputs, context);
    const inputs = defined({
      name: address.name,
      namespace: oldInputs !== undefined && oldInputs.namespace === undefined ? undefined : address.namespace,
      parameters: keepMap(oldInputs?.parameters, fromWire(entity.parameters)),
      annotations: keepMap(oldInputs?.annotations, annotations),
      ...feed,
    });
    return { id: formatId(address), inputs, outputs: outputsOf(entity, address, inputs) };
  },

  async update(request, context) {
    const changed = new Set(triggerChanges(request).map((change) => change.path[0]));
    const address = parseEntityId('trigger', request.id);
    const { inputs, oldInputs, oldOutputs } = request;
    if (changed.has('feed')) await feedOf(oldOutputs, address, context)?.end(oldInputs.feedParameters);
    let outputs = { ...inputs, namespace: address.namespace, fqn: formatFullName(address), version: oldOutputs.version! };
    if (changed.has('parameters') || changed.has('annotations') || changed.has('feed')) {
      const annotated = changed.has('annotations') || changed.has('feed');
      const body = {
        ...(changed.has('parameters') ? { parameters: toWire(inputs.parameters) } : {}),
        ...(annotated ? { annotations: annotationsToWire(wantedAnnotations(inputs, address.namespace), context) } : {}),
      };
      outputs = outputsOf(await context.openwhisk().update('triggers', address, body, context), address, inputs) as typeof outputs;
    }
    const feed = feedOf(inputs, address, context);
    if (feed === undefined) return outputs;
    const fresh = changed.has('feed');
    if (fresh || changed.has('feedParameters')) {
      await feed.tell(fresh ? 'CREATE' : 'UPDATE', inputs.feedParameters).catch((error: Error) => {
        if (fresh) throw new PartialFailureError(request.id, withoutFeed(outputs), error.message, { cause: error });
        const reached = defined({ ...outputs, feedParameters: oldOutputs.feedParameters, feedPaused: oldOutputs.feedPaused });
        throw new PartialFailureError(request.id, reached, error.message, { cause: error });
      });
    }
    await applyPause(feed, address, inputs, outputs, fresh ? false : oldOutputs.feedPaused, context);
    return outputs;
  },

  async delete(id, outputs, inputs, context) {
    const address = parseEntityId('trigger', id);
    await feedOf(outputs, address, context)?.end(inputs.feedParameters ?? outputs.feedParameters);
    await context.openwhisk().delete('triggers', address, context);
  },
};

function checkFeed(inputs: ValueMap): CheckFailure[] {
  const failures = checkReference('action', ['feed'], inputs.feed);
  const annotations = reveal(inputs.annotations);
  if (isValueMap(annotations) && Object.hasOwn(annotations, 'feed')) {
    failures.push({ path: ['annotations', 'feed'], reason: 'is set through the input feed' });
  }
  for (const property of ['feedParameters', 'feedPaused']) {
    if (inputs.feed === undefined && inputs[property] !== undefined)
      failures.push({ path: [property], reason: 'has no effect without feed' });
  }
  const parameters = reveal(inputs.feedParameters);
  failures.push(...checkKeyValues('feedParameters', inputs.feedParameters));
  for (const key of isValueMap(parameters) ? RESERVED.filter((name) => Object.hasOwn(parameters, name)) : []) {
    failures.push({ path: ['feedParameters', key], reason: 'is filled in for every feed' });
  }
  return failures;
}

function triggerChanges({ id, oldInputs, oldOutputs, inputs, ignored }: DiffRequest): PropertyChange[] {
  const { namespace } = parseEntityId('trigger', id);
  const changes = new Changes(ignored);
  changes.value('name', oldInputs.name, inputs.name, { replace: true });
  changes.value('namespace', oldInputs.namespace, inputs.namespace, { replace: true });
  changes.map('parameters', oldInputs.parameters, inputs.parameters);
  changes.map('annotations', oldInputs.annotations, inputs.annotations);
  // The outputs say what was reached: a feed that failed is still to be told.
  const reached = reachedFeed(oldInputs, oldOutputs);
  if (!sameReference('action', reached.feed, inputs.feed, namespace)) changes.value('feed', reached.feed, inputs.feed);
  changes.map('feedParameters', reached.feedParameters, inputs.feedParameters);
  changes.value('feedPaused', reached.feedPaused, inputs.feedPaused, { fallback: false });
  return changes.list;
}

/** What of the feed is in place. A record without outputs of a feed it has as an input is one whose feed failed. */
function reachedFeed(oldInputs: ValueMap, oldOutputs: ValueMap): Record<'feed' | 'feedParameters' | 'feedPaused', Value | undefined> {
  const { feed, feedParameters, feedPaused } = Object.keys(oldOutputs).length === 0 ? oldInputs : oldOutputs;
  return { feed, feedParameters, feedPaused };
}

function wantedAnnotations(inputs: ValueMap, namespace: string): ValueMap {
  const own = reveal(inputs.annotations);
  const feed = text(inputs.feed);
  return { ...(isValueMap(own) ? own : {}), ...(feed === undefined ? {} : { feed: `/${referencedId('action', feed, namespace)}` }) };
}

function feedOf(properties: ValueMap, address: EntityAddress, context: OperationContext): Feed | undefined {
  const feed = text(properties.feed);
  return feed === undefined ? undefined : new Feed(referencedId('action', feed, address.namespace), formatFullName(address), context);
}

/** Removes a trigger whose feed failed at its creation, as the `wsk` client does; then fails with the feed's words. */
async function takeBack(
  error: Error,
  address: EntityAddress,
  inputs: ValueMap,
  outputs: ValueMap,
  context: OperationContext,
): Promise<never> {
  const kept = (reason: string, cause: unknown) => new PartialFailureError(formatId(address), withoutFeed(outputs), reason, { cause });
  // After a cancel nothing more is sent; the trigger is kept in the state, and the next update tells the feed.
  if (error instanceof CancelledError) throw kept(error.message, error);
  const late = { ...context, deadline: performance.now() + TAKE_BACK_MS };
  try {
    await feedOf(inputs, address, late)!
      .tell('DELETE', inputs.feedParameters)
      .catch(() => undefined);
    await context.openwhisk().delete('triggers', address, late);
  } catch (second) {
    throw kept(`${error.message} The trigger could not be removed again: ${(second as Error).message}`, error);
  }
  throw error;
}

function withoutFeed(outputs: ValueMap): ValueMap {
  const { feed: _feed, feedParameters: _parameters, feedPaused: _paused, ...rest } = outputs;
  return rest;
}

async function applyPause(
  feed: Feed,
  address: EntityAddress,
  inputs: ValueMap,
  outputs: ValueMap,
  current: Value | undefined,
  context: OperationContext,
): Promise<void> {
  const wanted = reveal(inputs.feedPaused) === true;
  const paused = reveal(current) === true;
  if (wanted === paused) return;
  context.log('debug', `The feed of "${formatFullName(address)}" is ${wanted ? 'paused' : 'resumed'}.`);
  try {
    await feed.tell(wanted ? 'PAUSE' : 'UNPAUSE', inputs.feedParameters);
  } catch (error) {
    throw new PartialFailureError(formatId(address), { ...outputs, feedPaused: paused }, (error as Error).message, { cause: error });
  }
}

/** The feed's part of the inputs that fit what is live. */
async function liveFeed(
  annotation: Value | undefined,
  address: EntityAddress,
  oldInputs: ValueMap | undefined,
  oldOutputs: ValueMap | undefined,
  context: OperationContext,
): Promise<Record<string, Value | undefined>> {
  if (typeof annotation !== 'string' || annotation === '') return {};
  const reached = reachedFeed(oldInputs ?? {}, oldOutputs ?? {});
  const id = referencedId('action', annotation, address.namespace);
  // A feed that failed when it was told CREATE: the annotation alone is no subscription.
  if (oldInputs !== undefined && reached.feed === undefined && oldInputs.feed !== undefined) return {};
  const settings = await new Feed(id, formatFullName(address), context).settings(reached.feedParameters);
  if (settings === 'gone') return {};
  const feed = keepReference('action', reached.feed, id, address.namespace);
  if (oldInputs === undefined) {
    const given = settings === undefined ? {} : givenSettings(settings);
    return { feed, feedParameters: Object.keys(given).length === 0 ? undefined : given };
  }
  return { feed, feedParameters: liveParameters(reached.feedParameters, settings), feedPaused: reached.feedPaused };
}

/** What the feed says of the parameters it was given; it may have settings of its own beside them. */
function liveParameters(old: Value | undefined, settings: ValueMap | undefined): Value | undefined {
  const before = reveal(old);
  if (settings === undefined || !isValueMap(before)) return old;
  const live: ValueMap = {};
  for (const [key, value] of Object.entries(before)) {
    const same = !Object.hasOwn(settings, key) || sameValue(settings[key], value);
    live[key] = same ? value : withSecretsOf(value, settings[key]!);
  }
  return keepMap(old, live);
}

/** Only what is written to the trigger itself counts; a feed that is told something else leaves the version alone. */
function predictVersion(inputs: ValueMap, old: { id: string; inputs: ValueMap; outputs: ValueMap } | undefined): Value {
  if (old === undefined) return predictedVersion(undefined);
  const changes = triggerChanges({ id: old.id, oldInputs: old.inputs, oldOutputs: old.outputs, inputs, ignored: new Set() });
  const written = changes.some(({ path }) => path[0] !== 'feedParameters' && path[0] !== 'feedPaused');
  return written || reveal(inputs.feed) instanceof Unknown ? predictedVersion(old.outputs.version) : old.outputs.version!;
}

function outputsOf(entity: WireTrigger, address: { namespace: string; name: string }, inputs: ValueMap): ValueMap {
  return { ...inputs, namespace: address.namespace, fqn: formatFullName(address), version: entity.version };
}

import type { EntityPut, WireAction, WireExec } from '../openwhisk/entities';
import type { EntityAddress } from '../openwhisk/openWhiskClient';
import { sameKind } from './actionInputs';
import { limitsAsInputs, limitsFromWire } from './actionLimits';
import { codeAsInput, decodeCode, encodeCode } from './code/actionCode';
import { type Code, fingerprint } from './code/codeFiles';
import { codeOf } from './code/codeReader';
import { formatFullName } from './entityId';
import { sameValue } from './equality';
import { text } from './inputCheck';
import { defined, keepMap, keepValue } from './keepUnchanged';
import { fromWire, toWire, withoutInherited } from './keyValues';
import { annotationsFromWire } from './ownership';
import { isValueMap, reveal, Secret, UNKNOWN, type Value, type ValueMap } from './values';
import { managedAnnotations, readManagedAnnotations } from './webExport';

/** The `exec` of a PUT. Code comes from the inputs, or, where it must stay as it is, from `liveCode`. */
export async function execOf(inputs: ValueMap, folder: string, liveCode?: string): Promise<WireExec> {
  const image = text(inputs.image);
  const main = text(inputs.main);
  const code = liveCode ?? (inputs.code === undefined ? undefined : await encodeCode(await codeOf(inputs, folder)));
  return {
    kind: image === undefined ? (text(inputs.kind) ?? 'nodejs:default') : 'blackbox',
    ...(image === undefined ? {} : { image }),
    ...(code === undefined ? {} : { code }),
    ...(main === undefined ? {} : { main }),
  };
}

export function parametersOf(inputs: ValueMap): NonNullable<EntityPut['parameters']> {
  return [...toWire(inputs.parameters), ...toWire(inputs.initParameters, true)];
}

/** All annotations the program asks for, its own and those that follow from other inputs. */
export function wantedAnnotations(inputs: ValueMap, webSecureKey: Value | undefined): ValueMap {
  const own = reveal(inputs.annotations);
  return { ...(isValueMap(own) ? own : {}), ...managedAnnotations(inputs, webSecureKey) };
}

/**
 * The annotations to write and to remove so that what was asked for before becomes what is asked for now. Updates merge on
 * the platform: an annotation that is only left out would stay.
 */
export function annotationChanges(before: ValueMap, after: ValueMap): Pick<EntityPut, 'annotations' | 'delAnnotations'> {
  const changed: ValueMap = {};
  for (const [key, value] of Object.entries(after)) if (!sameValue(before[key], value)) changed[key] = value;
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  // Without this annotation the action would be handed the key; what the platform writes into a new action is the opposite.
  if (gone.includes('provide-api-key')) changed['provide-api-key'] = false;
  const removed = gone.filter((key) => key !== 'provide-api-key');
  return {
    ...(Object.keys(changed).length === 0 ? {} : { annotations: toWire(changed) }),
    ...(removed.length === 0 ? {} : { delAnnotations: removed }),
  };
}

/** Outputs from the platform's answer to a PUT or a GET; the inputs are repeated as the program wrote them. */
export function outputsOf(
  entity: WireAction,
  address: EntityAddress,
  inputs: ValueMap,
  apiHost: string,
  webSecureKey: Value | undefined,
): ValueMap {
  return defined({
    ...inputs,
    namespace: address.namespace,
    fqn: formatFullName(address),
    version: entity.version,
    resolvedKind: entity.exec.kind,
    limits: limitsFromWire(entity.limits ?? {}),
    webUrl: webUrl(apiHost, address.namespace, address.package, address.name, inputs.web),
    webSecureKey,
  });
}

/** The address of an action's web export; absent when it has none. */
export function webUrl(
  apiHost: string,
  namespace: Value,
  packageName: Value | undefined,
  name: Value,
  web: Value | undefined,
): Value | undefined {
  const exported = reveal(web);
  if (exported === undefined || exported === false) return undefined;
  const parts = [namespace, packageName ?? 'default', name];
  if (!parts.every((part) => typeof part === 'string') || typeof exported === 'object') return UNKNOWN;
  return `${apiHost}/api/v1/web/${parts.map((part) => encodeURIComponent(part as string)).join('/')}`;
}

/** The inputs that reproduce a live action: the program's own wherever they still hold. */
export async function inputsFromLive(
  entity: WireAction,
  address: EntityAddress,
  inherited: ValueMap,
  old: { inputs: ValueMap; outputs: ValueMap } | undefined,
): Promise<{ inputs: ValueMap; webSecureKey: Value | undefined }> {
  const before: ValueMap = old?.inputs ?? {};
  const ownAnnotations = reveal(before.annotations);
  const live = readManagedAnnotations(
    annotationsFromWire(entity.annotations),
    isValueMap(ownAnnotations) && Object.hasOwn(ownAnnotations, 'provide-api-key'),
  );
  const parameters = fromWire(entity.parameters, (entry) => entry.init !== true);
  const initParameters = fromWire(entity.parameters, (entry) => entry.init === true);
  const secure = liveWebSecure(before, old?.outputs, live.secureKey as Value | undefined);
  const inputs = defined({
    name: address.name,
    namespace: old !== undefined && before.namespace === undefined ? undefined : address.namespace,
    package: address.package,
    kind: liveKind(entity.exec.kind, before.kind, old?.outputs.resolvedKind),
    main: keepValue(before.main, entity.exec.main),
    image: keepValue(before.image, entity.exec.image),
    ...(await liveCode(await decodeCode(entity.exec), entity.exec.kind, before, old?.outputs ?? {})),
    bundle: before.bundle,
    parameters: keepMap(before.parameters, withoutInherited(parameters, inherited, before.parameters)),
    initParameters: keepMap(before.initParameters, withoutInherited(initParameters, inherited, before.initParameters)),
    annotations: keepMap(before.annotations, live.rest),
    limits: limitsWithSecrets(entity, before, old?.outputs),
    web: keepValue(before.web, live.web, false),
    webSecure: secure.input,
    // A web export makes parameters final by itself, so what is live says nothing about this input.
    finalParameters: live.web === false ? keepValue(before.finalParameters, live.finalParameters, false) : before.finalParameters,
    publish: keepValue(before.publish, entity.publish, false),
  });
  return { inputs, webSecureKey: secure.key };
}

function limitsWithSecrets(entity: WireAction, before: ValueMap, outputs: ValueMap | undefined): Value | undefined {
  const inputs = limitsAsInputs(limitsFromWire(entity.limits ?? {}), before.limits, outputs?.limits);
  return inputs === undefined ? (isEmptyMap(before.limits) ? before.limits : undefined) : keepMap(before.limits, inputs);
}

function isEmptyMap(value: Value | undefined): boolean {
  const plain = reveal(value);
  return isValueMap(plain) && Object.keys(plain).length === 0;
}

function liveKind(live: string, before: Value | undefined, resolvedBefore: Value | undefined): Value {
  const asked = text(before);
  if (asked === undefined || before === undefined) return live;
  // `family:default` still stands as long as the version it was resolved to is the one that is there.
  return sameKind(asked, live) && (resolvedBefore === undefined || resolvedBefore === live) ? before : live;
}

async function liveCode(
  code: Code | undefined,
  kind: string,
  before: ValueMap,
  outputs: ValueMap,
): Promise<Record<string, Value | undefined>> {
  if (code === undefined) return {};
  const { files, hash } = fingerprint(code, kind);
  if (before.code !== undefined && text(outputs.codeHash) === hash) {
    return { code: before.code, codeFiles: outputs.codeFiles, codeHash: outputs.codeHash };
  }
  const secret = before.code instanceof Secret || before.codeHash instanceof Secret;
  const hide = (value: Value): Value => (secret ? new Secret(value) : value);
  return { code: hide(codeAsInput(code)), codeFiles: hide(files), codeHash: hide(hash) };
}

/** The `webSecure` input and the key that fit what is live: a random key that did not change stays the answer to `true`. */
export function liveWebSecure(
  before: ValueMap,
  outputs: ValueMap | undefined,
  key: Value | undefined,
): { input: Value | undefined; key: Value | undefined } {
  if (key === undefined) return { input: reveal(before.webSecure) === false ? before.webSecure : undefined, key: undefined };
  const known = outputs?.webSecureKey;
  if (reveal(before.webSecure) === true && sameValue(known, key)) return { input: before.webSecure, key: known };
  if (sameValue(before.webSecure, key)) return { input: before.webSecure, key: known ?? new Secret(key) };
  return { input: new Secret(key), key: new Secret(key) };
}

export function predictedKind(inputs: ValueMap, old: { inputs: ValueMap; outputs: ValueMap } | undefined): Value {
  const kind = text(inputs.kind);
  if (kind === undefined) return UNKNOWN;
  if (!kind.endsWith(':default')) return kind;
  const resolved = text(old?.outputs.resolvedKind);
  return resolved !== undefined && sameKind(kind, resolved) ? resolved : UNKNOWN;
}

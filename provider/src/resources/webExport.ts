import { randomBytes } from 'node:crypto';
import type { WireJson } from '../openwhisk/entities';
import type { CheckFailure } from './resourceModel';
import { isValueMap, reveal, Secret, Unknown, type Value, type ValueMap } from './values';

/** Annotations that are set through inputs of their own, with the input that sets them (cli-expectations.md, "wsk action"). */
const MANAGED: Readonly<Record<string, string>> = {
  'web-export': 'web',
  'raw-http': 'web',
  final: 'web or finalParameters',
  'require-whisk-auth': 'webSecure',
  exec: 'kind',
};

/** Annotations of the web export as `wsk action --web` writes them, of `webSecure` and of `finalParameters`. */
export function managedAnnotations(inputs: ValueMap, webSecureKey: Value | undefined): ValueMap {
  const web = reveal(inputs.web);
  const annotations: ValueMap = {};
  if (web === true || web === 'raw') {
    annotations['web-export'] = true;
    annotations['raw-http'] = web === 'raw';
    annotations.final = true;
  }
  if (reveal(inputs.finalParameters) === true) annotations.final = true;
  if (webSecureKey !== undefined) annotations['require-whisk-auth'] = webSecureKey;
  return annotations;
}

/** The key callers of a secured web action must send: the given one, or a random one that stays the same for good. */
export function webSecureKeyOf(inputs: ValueMap, oldOutputs: ValueMap | undefined): Value | undefined {
  const given = reveal(inputs.webSecure);
  if (given instanceof Unknown) return new Secret(given);
  if (typeof given === 'string') return new Secret(given);
  if (given !== true) return undefined;
  const kept = oldOutputs?.webSecureKey;
  return kept ?? new Secret(randomBytes(24).toString('base64url'));
}

export function checkWeb(inputs: ValueMap): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const web = reveal(inputs.web);
  if (web !== undefined && !(web instanceof Unknown) && web !== true && web !== false && web !== 'raw') {
    failures.push({ path: ['web'], reason: 'must be true, false or "raw"' });
  }
  const secure = reveal(inputs.webSecure);
  if (secure !== undefined && !(secure instanceof Unknown) && typeof secure !== 'boolean' && typeof secure !== 'string') {
    failures.push({ path: ['webSecure'], reason: 'must be true, false or the key callers have to send' });
  } else if (secure !== undefined && secure !== false && (web === undefined || web === false)) {
    failures.push({ path: ['webSecure'], reason: 'has no effect on an action that is not exported to the web: set web too' });
  } else if (secure === '') failures.push({ path: ['webSecure'], reason: 'must not be empty' });
  const annotations = reveal(inputs.annotations);
  if (isValueMap(annotations)) {
    for (const key of Object.keys(annotations)) {
      if (Object.hasOwn(MANAGED, key)) failures.push({ path: ['annotations', key], reason: `is set through the input ${MANAGED[key]}` });
    }
  }
  return failures;
}

/** What the live annotations say in terms of the inputs that set them. */
export interface LiveWeb {
  web: boolean | 'raw';
  finalParameters: boolean;
  /** The key, or `undefined` when callers need none. */
  secureKey: WireJson | undefined;
  /** The annotations that are the program's own. */
  rest: ValueMap;
}

/** `ownApiKey`: the program sets `provide-api-key` itself, so even its usual value is one of its annotations. */
export function readManagedAnnotations(live: ValueMap, ownApiKey: boolean): LiveWeb {
  const { 'web-export': webExport, 'raw-http': rawHttp, final, 'require-whisk-auth': secure, exec: _exec, ...rest } = live;
  const web = truthy(webExport) ? (truthy(rawHttp) ? 'raw' : true) : false;
  // Written by the platform into every action it creates.
  if (!ownApiKey && rest['provide-api-key'] === false) delete rest['provide-api-key'];
  return { web, finalParameters: truthy(final), secureKey: truthy(secure) ? (secure as WireJson) : undefined, rest };
}

function truthy(value: Value | undefined): boolean {
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== '';
}

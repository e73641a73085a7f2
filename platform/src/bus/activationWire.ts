import type { Identity, NamespaceLimits } from '../model/identity';
import { jsonMembers } from '../model/jsonMembers';
import { parseFullyQualifiedName } from '../model/names';
import type { ActionReference, ActivationMessage, Claim } from './messages';
import { decodeTransaction, encodeTransaction } from './transactionWire';

const maxKept = 1000;
/** Identities come again and again: their texts are kept as long as they are in use. */
const textOf = new WeakMap<Identity, string>();
const identityOf = new Map<string, Identity>();

/** OpenWhisk's ActivationMessage (reference messaging, section 3). The arguments are spliced in as the text they already are. */
export function encodeActivation(message: ActivationMessage): string {
  const { action, cause, claim } = message;
  return (
    `{"transid":${encodeTransaction(message.transactionId, message.transactionStart, message.extraLogging)}` +
    `,"action":{"path":${JSON.stringify(action.path)},"name":${JSON.stringify(action.name)},"version":"${action.version}"` +
    `${action.binding === undefined ? '' : `,"binding":${JSON.stringify(action.binding)}`}}` +
    `,"revision":${action.revision === '' ? 'null' : JSON.stringify(action.revision)},"user":${identityText(message.user)}` +
    `,"activationId":${JSON.stringify(message.activationId)}` +
    `,"rootControllerIndex":{"asString":${JSON.stringify(message.rootController)},"instanceType":"controller"}` +
    `,"blocking":${message.blocking},"content":${message.content},"initArgs":${JSON.stringify(message.initArgs)},"lockedArgs":{}` +
    `${cause === undefined ? '' : `,"cause":${JSON.stringify(cause)}`}` +
    `${claim === undefined ? '' : `,"claim":${JSON.stringify(claim)}`}}`
  );
}

/** Throws SyntaxError or TypeError. */
export function decodeActivation(text: string): ActivationMessage {
  const members = jsonMembers(text);
  const read = <T>(name: string): T => {
    const value = members.get(name);
    if (value === undefined) throw new TypeError(`An activation message without '${name}'.`);
    return JSON.parse(value) as T;
  };
  const transaction = decodeTransaction(members.get('transid'));
  const cause = members.get('cause');
  return {
    transactionId: transaction.id,
    transactionStart: transaction.start,
    action: actionReference(read('action'), members.get('revision')),
    user: readIdentity(members.get('user')),
    activationId: read('activationId'),
    rootController: read<{ asString: string }>('rootControllerIndex').asString,
    blocking: read('blocking'),
    content: members.get('content') ?? '{}',
    initArgs: members.has('initArgs') ? read('initArgs') : [],
    ...(cause === undefined || cause === 'null' ? {} : { cause: JSON.parse(cause) as string }),
    ...(transaction.extraLogging ? { extraLogging: true } : {}),
    ...(members.has('claim') ? { claim: read<Claim>('claim') } : {}),
  };
}

function actionReference(
  value: string | { path: string; name: string; version?: string; binding?: string },
  revision = 'null',
): ActionReference {
  const { path, name, version, binding } =
    typeof value === 'string' ? { ...parseFullyQualifiedName(value), version: undefined, binding: undefined } : value;
  return {
    path,
    name,
    version: version ?? '0.0.1',
    revision: (JSON.parse(revision) as string | null) ?? '',
    ...(binding === undefined ? {} : { binding }),
  };
}

function identityText(identity: Identity): string {
  let text = textOf.get(identity);
  if (text === undefined) {
    const { subject, namespace, authkey, limits, created } = identity;
    text = JSON.stringify({
      subject,
      namespace: { name: namespace.name, uuid: namespace.uuid },
      authkey: { api_key: `${authkey.uuid}:${authkey.key}` },
      rights: ['READ', 'PUT', 'DELETE', 'ACTIVATE'],
      limits,
      created,
    });
    textOf.set(identity, text);
  }
  return text;
}

interface WireIdentity {
  subject: string;
  namespace: { name: string; uuid: string };
  authkey: { api_key?: string };
  limits?: NamespaceLimits;
  created?: number;
}

function readIdentity(text: string | undefined): Identity {
  if (text === undefined) throw new TypeError(`An activation message without 'user'.`);
  let identity = identityOf.get(text);
  if (!identity) {
    const { subject, namespace, authkey, limits, created } = JSON.parse(text) as WireIdentity;
    const [uuid = '', key = ''] = (authkey.api_key ?? '').split(':');
    identity = {
      subject,
      namespace: { name: namespace.name, uuid: namespace.uuid },
      authkey: { uuid, key },
      limits: limits ?? {},
      ...(created === undefined ? {} : { created }),
    };
    if (identityOf.size >= maxKept) identityOf.clear();
    identityOf.set(text, identity);
  }
  return identity;
}

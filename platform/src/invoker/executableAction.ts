import type { ActivationMessage } from '../bus/messages';
import type { ActionDocument } from '../model/entities';
import type { ActionLimits, CodeExec } from '../model/exec';
import { isJsonObject, type Json, type JsonText } from '../model/json';
import { annotationOf, isTruthy } from '../model/parameters';

/** What is known of an action without its code: kept as long as a container of it lives. */
export interface ActionProfile {
  /** `ns/[pkg/]name` */
  id: string;
  name: string;
  version: string;
  revision: string;
  /** As the action names it. */
  kind: string;
  /** Kind of the containers it runs in: another one for an image that one of the manifest's kinds stands for. */
  runtimeKind: string;
  image: string;
  limits: ActionLimits;
  provideApiKey: boolean;
  /** The annotation `idempotent`: it may run again when it is not known whether it has run. */
  idempotent: boolean;
  sentinelled: boolean;
}

/** What an action runs on. */
export interface RuntimeChoice {
  kind: string;
  image: string;
  sentinelledLogs: boolean;
}

export function profileOf(document: ActionDocument, revision: string, runtime: RuntimeChoice): ActionProfile {
  const provide = annotationOf(document.annotations, 'provide-api-key');
  return {
    id: `${document.namespace}/${document.name}`,
    name: document.name,
    version: document.version,
    revision,
    kind: document.exec.kind,
    runtimeKind: runtime.kind,
    image: runtime.image,
    limits: document.limits,
    // absent counts as true: the API adds the annotation when it stores an action
    idempotent: isTruthy(annotationOf(document.annotations, 'idempotent') ?? false),
    provideApiKey: provide === undefined || isTruthy(provide),
    sentinelled: runtime.sentinelledLogs,
  };
}

/** Arguments and environment, told apart by `initArgs`. */
export interface Arguments {
  run: JsonText;
  environment: Record<string, string>;
}

export function splitArguments(message: ActivationMessage): Arguments {
  if (message.initArgs.length === 0) return { run: message.content, environment: {} };
  const content = JSON.parse(message.content) as Json;
  if (!isJsonObject(content)) return { run: message.content, environment: {} };
  const environment: Record<string, string> = {};
  for (const name of message.initArgs) {
    if (!Object.hasOwn(content, name)) continue;
    environment[name] = environmentValue(content[name]!);
    delete content[name];
  }
  return { run: JSON.stringify(content), environment };
}

function environmentValue(value: Json): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Body of /init (reference runtime-protocol, section 1). */
export function initBody(
  action: ActionProfile,
  exec: CodeExec | { code?: string; binary: boolean; main?: string },
  message: ActivationMessage,
  environment: Record<string, string>,
  deadline: number,
): string {
  const env: Record<string, string> = {
    ...environment,
    ...(action.provideApiKey ? { __OW_API_KEY: apiKey(message) } : {}),
    __OW_NAMESPACE: message.user.namespace.name,
    __OW_ACTION_NAME: `/${action.id}`,
    __OW_ACTION_VERSION: action.version,
    __OW_ACTIVATION_ID: message.activationId,
    __OW_TRANSACTION_ID: message.transactionId,
    __OW_DEADLINE: String(deadline),
  };
  return JSON.stringify({ value: { name: action.name, main: exec.main ?? 'main', code: exec.code, binary: exec.binary, env } });
}

/** The part of a /run body that is the same for all activations of an action in one namespace. */
export function runContext(action: ActionProfile, namespace: string): string {
  return `,"namespace":${JSON.stringify(namespace)},"action_name":${JSON.stringify(`/${action.id}`)},"action_version":"${action.version}"`;
}

/** Body of /run: arguments go through as the text they are. */
export function runBody(action: ActionProfile, context: string, args: JsonText, message: ActivationMessage, deadline: number): string {
  return (
    `{"value":${args}${context},"activation_id":"${message.activationId}","transaction_id":${JSON.stringify(message.transactionId)}` +
    `,"deadline":"${deadline}"${action.provideApiKey ? `,"api_key":${JSON.stringify(apiKey(message))}` : ''}}`
  );
}

function apiKey(message: ActivationMessage): string {
  return `${message.user.authkey.uuid}:${message.user.authkey.key}`;
}

import type { ActivationMessage } from '../bus/messages';
import type { ActivationRecord, ActivationResponse } from '../model/activation';
import type { KeyValue } from '../model/parameters';
import type { ActionCache } from './actionCache';
import { type ActionProfile, type Arguments, initBody, runBody, runContext, splitArguments } from './executableAction';
import type { Job, Outcome } from './job';

/** Who is told how an activation ends. */
export interface JobListener {
  /** The arguments are about to be given to a container: from here on user code may have run. May be called twice. */
  handed(message: ActivationMessage): void;
  answered(message: ActivationMessage, record: ActivationRecord): void;
  /** `told` when `answered` was called before. */
  completed(message: ActivationMessage, record: ActivationRecord, logs: string[], told: boolean): void;
}

const timeoutTrue: KeyValue = { key: 'timeout', value: true };
const timeoutFalse: KeyValue = { key: 'timeout', value: false };
const causedBySequence: KeyValue = { key: 'causedBy', value: 'sequence' };

/** Joins what a job of one action and one namespace shares with the next: made once, used by every call. */
export class ActionContext {
  readonly run: string;
  readonly annotations: readonly KeyValue[];

  constructor(
    readonly key: string,
    readonly action: ActionProfile,
    namespace: string,
  ) {
    this.run = runContext(action, namespace);
    this.annotations = [
      { key: 'path', value: action.id },
      { key: 'kind', value: action.kind },
      { key: 'limits', value: { ...action.limits } },
    ];
  }
}

/** An activation message as the pool sees it. */
export class ActivationJob implements Job {
  readonly key: string;
  readonly namespace: string;
  readonly action: ActionProfile;
  private parts: Arguments | undefined;
  private record: ActivationRecord | undefined;
  private ended = false;

  constructor(
    private readonly message: ActivationMessage,
    private readonly context: ActionContext,
    private readonly actions: ActionCache,
    private readonly listener: JobListener,
  ) {
    this.key = context.key;
    this.namespace = message.user.namespace.name;
    this.action = context.action;
  }

  async initBody(deadline: number): Promise<string> {
    const code = await this.actions.code(this.action);
    this.listener.handed(this.message);
    return initBody(this.action, code, this.message, this.arguments().environment, deadline);
  }

  runBody(deadline: number): string {
    this.listener.handed(this.message);
    return runBody(this.action, this.context.run, this.arguments().run, this.message, deadline);
  }

  answered(outcome: Outcome): void {
    this.record = this.makeRecord(outcome);
    this.listener.answered(this.message, this.record);
  }

  completed(outcome: Outcome, logs: string[]): void {
    // one activation, one record, whatever went wrong after it
    if (this.ended) return;
    this.ended = true;
    this.listener.completed(this.message, this.record ?? this.makeRecord(outcome), logs, this.record !== undefined);
  }

  private arguments(): Arguments {
    this.parts ??= splitArguments(this.message);
    return this.parts;
  }

  private makeRecord(outcome: Outcome): ActivationRecord {
    const { message, action } = this;
    const { start, end, initTime } = outcome;
    const annotations: KeyValue[] = [
      ...this.context.annotations,
      outcome.timedOut ? timeoutTrue : timeoutFalse,
      { key: 'waitTime', value: Math.max(0, start - message.transactionStart) },
    ];
    if (initTime !== undefined) annotations.push({ key: 'initTime', value: initTime });
    if (message.cause !== undefined) annotations.push(causedBySequence);
    if (message.action.binding !== undefined) annotations.push({ key: 'binding', value: message.action.binding });
    return newRecord(message, action.name, action.version, start, end, outcome.response, annotations);
  }
}

/** The record of an activation for which no container was asked (reference invocation, section 4). */
export function recordWithoutContainer(message: ActivationMessage, response: ActivationResponse, now: number): ActivationRecord {
  const { path, name, version } = message.action;
  const annotations: KeyValue[] = [
    { key: 'path', value: `${path}/${name}` },
    { key: 'kind', value: 'unknown' },
  ];
  if (message.cause !== undefined) annotations.push(causedBySequence);
  return newRecord(message, name, version, now, now, response, annotations);
}

function newRecord(
  message: ActivationMessage,
  name: string,
  version: string,
  start: number,
  end: number,
  response: ActivationResponse,
  annotations: KeyValue[],
): ActivationRecord {
  return {
    namespace: message.user.namespace.name,
    name,
    subject: message.user.subject,
    activationId: message.activationId,
    start,
    end,
    duration: end - start,
    cause: message.cause,
    response,
    logs: [],
    version,
    annotations,
  };
}

import { type ActivationRecord, type ActivationResponse, newActivationId } from '../model/activation';
import type { KeyValue } from '../model/parameters';
import type { Logger } from '../observe/logger';
import type { AcceptanceJournal, AcceptedActivation } from '../store/acceptanceJournal';
import type { ActivationStore } from '../store/activationStore';
import { type ActionCall, isStored, type Outcome, within } from './actionCall';

/** A sequence or composition under way: what its record is made of. */
export class Orchestration {
  readonly activationId = newActivationId();
  readonly start = Date.now();
  private readonly componentIds: string[] = [];
  private duration = 0;
  /** MB; 0 = no component ran yet. */
  private memory = 0;

  constructor(private readonly call: ActionCall) {}

  add(activationId: string, record: ActivationRecord | undefined, memory: number): void {
    this.componentIds.push(activationId);
    this.duration += record?.duration ?? 0;
    this.memory = Math.max(this.memory, memory);
  }

  accepted(): AcceptedActivation {
    const { caller, resolved, cause } = this.call;
    const { namespace, name, version } = resolved.action;
    return {
      activationId: this.activationId,
      namespace: caller.namespace.name,
      subject: caller.subject,
      name,
      version,
      path: `${namespace}/${name}`,
      ...(cause === undefined ? {} : { cause }),
      start: this.start,
    };
  }

  /** Reference invocation, sections 5 and 6. */
  record(response: ActivationResponse, more: KeyValue[] = []): ActivationRecord {
    const { caller, resolved, transaction, cause } = this.call;
    const { action, binding } = resolved;
    const limits = { ...action.limits, memory: this.memory };
    const annotations: KeyValue[] = [
      { key: 'topmost', value: cause === undefined },
      { key: 'path', value: `${action.namespace}/${action.name}` },
      { key: 'kind', value: 'sequence' },
      { key: 'waitTime', value: Math.max(0, this.start - transaction.start) },
      ...more,
    ];
    if (cause !== undefined) annotations.push({ key: 'causedBy', value: 'sequence' });
    if (binding !== undefined) annotations.push({ key: 'binding', value: binding });
    if (this.memory > 0) annotations.push({ key: 'limits', value: { ...limits } });
    return {
      namespace: caller.namespace.name,
      name: action.name,
      subject: caller.subject,
      activationId: this.activationId,
      start: this.start,
      end: Date.now(),
      duration: this.duration,
      ...(cause === undefined ? {} : { cause }),
      response,
      logs: this.componentIds,
      version: action.version,
      annotations,
    };
  }
}

/** Keeps orchestrations running whether somebody waits or not, and records each. */
export class Orchestrations {
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(
    private readonly activations: ActivationStore,
    private readonly journal: AcceptanceJournal,
    private readonly log: Logger,
  ) {}

  /** `work` must not reject: whatever happens inside is a response. */
  async start(call: ActionCall, orchestration: Orchestration, work: () => Promise<ActivationRecord>): Promise<Outcome> {
    const { activationId } = orchestration;
    if (isStored(call)) await this.journal.accept(orchestration.accepted());
    const running = work().then((record) => {
      this.record(call, record);
      return record;
    });
    this.underWay.add(running);
    const forget = () => this.underWay.delete(running);
    running.then(forget, (error) => {
      forget();
      this.log.error({ err: error, activationId }, 'a sequence or composition ended without a record');
    });
    if (!call.blocking) return { activationId };
    const record = await within(running, call.wait);
    return record ? { activationId, record } : { activationId };
  }

  async drain(): Promise<void> {
    await Promise.allSettled(this.underWay);
  }

  private record(call: ActionCall, record: ActivationRecord): void {
    if (!isStored(call)) return;
    this.activations.store(record).catch((error) => {
      this.log.error({ err: error, activationId: record.activationId }, 'an activation record could not be stored');
    });
  }
}

export function failure(statusCode: 1 | 3, error: string): ActivationResponse {
  return { statusCode, result: JSON.stringify({ error }) };
}

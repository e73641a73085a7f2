import { type ActivationRecord, type ActivationResponse, newActivationId, stepActivationId } from '../model/activation';
import type { KeyValue } from '../model/parameters';
import type { Logger } from '../observe/logger';
import type { AcceptanceJournal, AcceptedActivation, Intent } from '../store/acceptanceJournal';
import { type ActivationStore, ActivationStoreFull } from '../store/activationStore';
import { type ActionCall, isStored, type Outcome, type Step, within } from './actionCall';
import type { Tenure } from './tenure';

/** A sequence or composition under way: what its record is made of. */
export class Orchestration {
  readonly activationId: string;
  readonly start: number;
  private readonly componentIds: string[] = [];
  private duration = 0;
  /** MB; 0 = no component ran yet. */
  private memory = 0;
  private steps = 0;

  constructor(
    private readonly call: ActionCall,
    private readonly era: number | undefined,
  ) {
    this.activationId = call.step?.activationId ?? newActivationId();
    this.start = call.step?.begun ?? Date.now();
  }

  /** The next one: who carries the orchestration on comes to the same ids. `name` is that of the action. */
  step(name: string): Step {
    const replay = this.call.step?.replay;
    return {
      activationId: stepActivationId(this.activationId, this.steps++, name),
      ...(this.era === undefined ? {} : { era: this.era }),
      ...(replay ? { replay } : {}),
    };
  }

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
      intent: this.intent(),
    };
  }

  private intent(): Intent {
    const { caller, resolved, payload, transaction } = this.call;
    const { exec, namespace, name } = resolved.action;
    const [owner, pkg] = (resolved.binding ?? namespace).split('/') as [string, string?];
    return {
      caller,
      transaction: { id: transaction.id, start: transaction.start, extraLogging: transaction.extraLogging },
      payload: payload.text,
      action: {
        namespace: owner,
        ...(pkg === undefined ? {} : { package: pkg }),
        name,
        ...(exec.kind === 'sequence' && 'components' in exec ? { components: exec.components } : {}),
      },
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

/** ms between attempts to give a record to a store that takes no more for now. */
const fullRetry = 50;

/** Keeps orchestrations running whether somebody waits or not, and records each. */
export class Orchestrations {
  /** By id; resolves when the record is written, or is not to be. */
  private readonly underWay = new Map<string, Promise<void>>();
  private left = false;

  constructor(
    private readonly activations: ActivationStore,
    private readonly journal: AcceptanceJournal,
    private readonly log: Logger,
    private readonly tenure: Tenure | undefined,
  ) {}

  open(call: ActionCall): Orchestration {
    return new Orchestration(call, call.step?.era ?? this.tenure?.era);
  }

  /** `work` must not reject: whatever happens inside is a response. */
  async start(call: ActionCall, orchestration: Orchestration, work: () => Promise<ActivationRecord>): Promise<Outcome> {
    const { activationId } = orchestration;
    const replay = call.step?.replay;
    const done = await replay?.recordOf(call.caller.namespace.name, activationId);
    if (done) return { activationId, record: done };
    // what is inside another one is carried on with that, and what is carried on is in a journal already
    const accepted = call.cause !== undefined || call.step?.begun !== undefined;
    if (isStored(call) && !accepted) await this.journal.accept(orchestration.accepted());
    const running = work();
    const recorded = running.then((record) => this.record(call, record));
    this.underWay.set(activationId, recorded);
    const forget = () => this.underWay.get(activationId) === recorded && this.underWay.delete(activationId);
    recorded.then(forget, (error) => {
      forget();
      if (!this.left) this.log.error({ err: error, activationId }, 'a sequence or composition ended without a record');
    });
    if (!call.blocking) return { activationId };
    const record = await within(running, call.wait);
    return record ? { activationId, record } : { activationId };
  }

  /** Resolves when one that was started is recorded; rejects when it is not going to be by this process. */
  async recorded(activationId: string): Promise<void> {
    await this.underWay.get(activationId);
  }

  async drain(): Promise<void> {
    await Promise.allSettled(this.underWay.values());
  }

  /** This process stops: what is not recorded yet is left to others. */
  leave(): void {
    this.left = true;
  }

  private async record(call: ActionCall, record: ActivationRecord): Promise<void> {
    if (!isStored(call)) return;
    for (;;) {
      if (this.left) throw new Error('This process stops.');
      try {
        await this.activations.store(record);
        return;
      } catch (error) {
        if (!(error instanceof ActivationStoreFull)) throw error;
        await new Promise((resolve) => setTimeout(resolve, fullRetry));
      }
    }
  }
}

export function failure(statusCode: 1 | 3, error: string): ActivationResponse {
  return { statusCode, result: JSON.stringify({ error }) };
}

import { BusUnavailable } from '../bus/messageBus';
import { type ActivationRecord, type ActivationResponse, newActivationId, stepActivationId } from '../model/activation';
import type { KeyValue } from '../model/parameters';
import type { Logger } from '../observe/logger';
import type { AcceptanceJournal, AcceptedActivation, Intent } from '../store/acceptanceJournal';
import { type ActivationStore, ActivationStoreFull } from '../store/activationStore';
import { type ActionCall, isStored, type Outcome, type Step, within } from './actionCall';
import type { Tenure } from './tenure';

/** Whether a step was sent is not known, or not for this controller to say any more: the whole is carried on from what was recorded. */
export class Interrupted extends Error {
  constructor(cause?: unknown) {
    super('A step could not be carried out by this controller.', { cause });
    this.name = 'Interrupted';
  }
}

/** A sequence or composition under way: what its record is made of. */
export class Orchestration {
  readonly activationId: string;
  readonly start: number;
  private readonly componentIds: string[] = [];
  private duration = 0;
  /** MB; 0 = no component ran yet. */
  private memory = 0;
  private steps = 0;
  private readonly era: number | undefined;

  constructor(
    private readonly call: ActionCall,
    private readonly tenure: Tenure | undefined,
  ) {
    this.era = call.step?.era ?? tenure?.era;
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

  /**
   * A step failed, or its result did not come: throws Interrupted where that is no answer, because the bus is away, or because others may
   * be carrying on the same.
   */
  mustStand(error?: unknown): void {
    const { tenure, era = 0, call } = this;
    if (error instanceof Interrupted) throw error;
    if (!tenure || !isStored(call)) return;
    if (error instanceof BusUnavailable || !tenure.holds(era)) throw new Interrupted(error);
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
    return new Orchestration(call, this.tenure);
  }

  /** `work` rejects with Interrupted and nothing else: whatever else happens inside is a response. */
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
      if (error instanceof Interrupted && !accepted) this.journal.resume?.(orchestration.accepted());
      else if (!this.left && !(error instanceof Interrupted))
        this.log.error({ err: error, activationId }, 'a sequence or composition ended without a record');
    });
    if (!call.blocking) return { activationId };
    // the caller of an interrupted one is told its id: it goes on, and others wait in vain
    const record = await within(call.cause === undefined ? running.catch(unlessInterrupted) : running, call.wait);
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

function unlessInterrupted(error: unknown): undefined {
  if (!(error instanceof Interrupted)) throw error;
}

export function failure(statusCode: 1 | 3, error: string): ActivationResponse {
  return { statusCode, result: JSON.stringify({ error }) };
}

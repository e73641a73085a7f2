import { LeftUnsettled, type MessageBus, type Position, type Subscription } from '../bus/messageBus';
import { type ActivationMessage, copyToClaim } from '../bus/messages';
import { invokerTopic } from '../bus/topics';
import type { ActivationRecord, ActivationResponse } from '../model/activation';
import type { Logger } from '../observe/logger';
import type { ActivationStore } from '../store/activationStore';
import type { ArtifactStore } from '../store/artifactStore';
import { Acknowledgements } from './acknowledgements';
import { ActionCache, type RuntimeLookup } from './actionCache';
import { ActionContext, ActivationJob, type JobListener, recordWithoutContainer } from './activationJob';
import { applicationFailure, responseTexts, whiskFailure } from './activationResponse';
import { ContainerPool } from './containerPool';
import type { ContainerFactory } from './containers/container';
import type { ActionProfile } from './executableAction';
import type { HandedMarks } from './handedJournal';
import { RecordKeeping } from './recordKeeping';
import type { StemCell } from './stemCells';

export interface InvokerOptions {
  /** Name of its topic, such as `invoker0`. */
  id: string;
  bus: MessageBus;
  artifacts: ArtifactStore;
  activations: ActivationStore;
  factory: ContainerFactory;
  runtimes: RuntimeLookup;
  /** MB */
  userMemory: number;
  /** ms */
  idleContainer: number;
  /** ms */
  pauseGrace: number;
  /** Bytes of an answer that are read, and that are left of one that is longer. */
  payload: number;
  truncation: number;
  /** What actions call the API by. */
  apiHost: string;
  stemCells?: readonly StemCell[];
  /** What was given to containers, where that outlives this process. */
  handed?: HandedMarks;
  /** Undefined when new work may begin; else it resolves when it may. Absent = always. */
  mayBegin?: () => Promise<void> | undefined;
  /** Activations accepted and not yet recorded; more wait on the bus. */
  maxInFlight?: number;
  log: Logger;
}

/** How often the journal of what was handed is rid of what won't come again, ms. */
const pruneInterval = 1000;
const maxContexts = 10_000;

/** Takes activation messages from its topic, runs them in containers, acknowledges and records them: each ends in exactly one record. */
export class Invoker {
  private readonly pool: ContainerPool;
  private readonly actions: ActionCache;
  /** By namespace, action and revision. */
  private readonly contexts = new Map<string, ActionContext>();
  private readonly listener: JobListener;
  private subscription: Subscription | undefined;
  /** The messages under way, how each ends and where it came from. */
  private readonly underWay = new Map<ActivationMessage, { settle: () => void; leave: () => void; offset: number }>();
  private pruner: NodeJS.Timeout | undefined;
  private readonly records: RecordKeeping;
  private readonly acknowledgements: Acknowledgements;

  constructor(private readonly options: InvokerOptions) {
    this.records = new RecordKeeping(options.activations, options.log);
    this.acknowledgements = new Acknowledgements({ ...options, invoker: options.id });
    this.actions = new ActionCache(options.artifacts, options.runtimes);
    this.listener = {
      handed: (message) => options.handed?.mark(this.underWay.get(message)?.offset ?? 0, message.activationId),
      answered: (message, record) => {
        if (message.blocking) this.acknowledgements.send(message, record, false);
      },
      completed: (message, record, logs, told) => this.completed(message, record, logs, told),
    };
    this.pool = new ContainerPool({
      factory: options.factory,
      userMemory: options.userMemory,
      idleContainer: options.idleContainer,
      pauseGrace: options.pauseGrace,
      bounds: { max: options.payload, truncation: options.truncation },
      environment: { __OW_API_HOST: options.apiHost },
      stemCells: options.stemCells ?? [],
      namePrefix: `wsk_${options.id}`,
      warn: (message) => options.log.warn(message),
    });
  }

  async start(): Promise<void> {
    const { id, bus, maxInFlight = 2_000 } = this.options;
    await this.options.factory.removeOrphans();
    await this.options.factory.prepare();
    this.subscription = await bus.subscribe(invokerTopic(id), { group: id, maxInFlight }, (message, position) =>
      this.handle(message, position),
    );
    const { handed } = this.options;
    if (!handed) return;
    this.pruner = setInterval(() => {
      const committed = this.subscription?.committed;
      if (committed !== undefined) handed.settledUpTo(committed);
    }, pruneInterval).unref();
  }

  /** Takes no more work and waits until what was taken is recorded. */
  async drain(): Promise<void> {
    await this.subscription?.close();
    this.subscription = undefined;
  }

  /** Ends what still runs; those activations are recorded as failed. */
  async close(): Promise<void> {
    const draining = this.drain();
    await this.pool.close();
    this.records.close();
    await draining;
    await this.options.factory.close();
    clearInterval(this.pruner);
    this.options.handed?.close();
  }

  get status(): ContainerPool['status'] {
    return this.pool.status;
  }

  /** Resolves when the activation is recorded; rejects with LeftUnsettled when the invoker closes and it could not be. */
  private handle(message: ActivationMessage, position: Position): Promise<void> {
    return new Promise((settle, reject) => {
      const { id, handed } = this.options;
      const copy = copyToClaim(message, id, position);
      this.underWay.set(message, { settle, leave: () => reject(new LeftUnsettled()), offset: position.offset });
      if (handed?.wasHanded(message.activationId)) void this.recover(message);
      else if (copy !== undefined) this.inTime(() => void this.beginIfClaimed(message, copy));
      else this.inTime(() => this.begin(message));
    });
  }

  /**
   * There may be other copies of the message: one counts. Another one's record is not this one's business. Asked only when work may begin:
   * what this invoker claimed must not look as if it could not have begun it.
   */
  private async beginIfClaimed(message: ActivationMessage, copy: string): Promise<void> {
    const namespace = message.user.namespace.name;
    let record: ActivationRecord | undefined;
    let mine: boolean;
    try {
      mine = await this.records.claim(namespace, message.activationId, copy);
      record = await this.records.get(namespace, message.activationId);
    } catch {
      this.leave(message);
      return;
    }
    if (record) this.tellAgain(message, record);
    else if (mine) this.inTime(() => this.begin(message));
    else {
      this.acknowledgements.send(message, undefined, true);
      this.settle(message);
    }
  }

  private tellAgain(message: ActivationMessage, record: ActivationRecord): void {
    this.acknowledgements.send(message, message.blocking ? { ...record, logs: [] } : undefined, true, record.response.statusCode === 3);
    this.settle(message);
  }

  private inTime(begin: () => void): void {
    const wait = this.options.mayBegin?.();
    if (wait === undefined) begin();
    else void wait.then(() => this.inTime(begin));
  }

  private begin(message: ActivationMessage): void {
    const { path, name, revision } = message.action;
    const id = `${path}/${name}`;
    const key = `${message.user.namespace.name} ${id}@${revision}`;
    const context = this.contexts.get(key);
    if (context) this.run(message, context);
    else void this.prepare(message, id, revision);
  }

  /**
   * An earlier life of this invoker gave it to a container. Where that was recorded nothing is left to do but tell; otherwise nobody knows
   * whether it has run: it runs again if its action allows that, or ends as a failure of the platform.
   */
  private async recover(message: ActivationMessage): Promise<void> {
    let record: ActivationRecord | undefined;
    try {
      record = await this.records.get(message.user.namespace.name, message.activationId);
    } catch {
      this.leave(message);
      return;
    }
    if (record) {
      this.tellAgain(message, record);
      return;
    }
    const { path, name, revision } = message.action;
    const id = `${path}/${name}`;
    const profile = this.actions.peek(id, revision) ?? (await this.actions.load(id).catch(() => 'gone' as const));
    const known = typeof profile === 'string' ? undefined : 'profile' in profile ? profile.profile : profile;
    if (known?.idempotent) this.begin(message);
    // that it stopped is known, and no sign of how it is now
    else this.refuse(message, whiskFailure(responseTexts.outcomeUnknown), false);
  }

  private async prepare(message: ActivationMessage, id: string, revision: string): Promise<void> {
    let profile = this.actions.peek(id, revision);
    if (!profile) {
      let loaded: Awaited<ReturnType<ActionCache['load']>>;
      try {
        loaded = await this.actions.load(id);
      } catch (error) {
        this.options.log.error({ action: id, reason: (error as Error).message }, 'an action could not be fetched');
        this.refuse(message, whiskFailure(responseTexts.actionUnreadable));
        return;
      }
      if (loaded === 'gone') {
        this.refuse(message, applicationFailure(responseTexts.actionGone));
        return;
      }
      if (loaded === 'notExecutable') {
        this.refuse(message, whiskFailure(responseTexts.wrongVersion));
        return;
      }
      profile = loaded.profile;
    }
    this.run(message, this.contextFor(message, profile));
  }

  private contextFor(message: ActivationMessage, profile: ActionProfile): ActionContext {
    const namespace = message.user.namespace.name;
    const key = `${namespace} ${profile.id}@${profile.revision}`;
    let context = this.contexts.get(key);
    if (!context) {
      context = new ActionContext(key, profile, namespace);
      if (this.contexts.size >= maxContexts) this.contexts.clear();
      this.contexts.set(key, context);
    }
    return context;
  }

  private run(message: ActivationMessage, context: ActionContext): void {
    this.pool.run(new ActivationJob(message, context, this.actions, this.listener));
  }

  private refuse(message: ActivationMessage, response: ActivationResponse, isSystemError = response.statusCode === 3): void {
    this.completed(message, recordWithoutContainer(message, response, Date.now()), [], false, isSystemError);
  }

  private completed(
    message: ActivationMessage,
    record: ActivationRecord,
    logs: string[],
    told: boolean,
    isSystemError = record.response.statusCode === 3,
  ): void {
    this.acknowledgements.send(message, message.blocking && !told ? record : undefined, true, isSystemError);
    const stored = message.user.limits.storeActivations !== false || message.extraLogging === true;
    if (!stored) {
      this.settle(message);
      return;
    }
    // the record that was told stays as it was told
    void this.store(message, logs.length === 0 ? record : { ...record, logs });
  }

  private async store(message: ActivationMessage, record: ActivationRecord): Promise<void> {
    try {
      await this.records.store(record);
      this.settle(message);
    } catch {
      this.leave(message);
    }
  }

  private leave(message: ActivationMessage): void {
    this.underWay.get(message)?.leave();
    this.underWay.delete(message);
  }

  private settle(message: ActivationMessage): void {
    this.underWay.get(message)?.settle();
    this.underWay.delete(message);
  }
}

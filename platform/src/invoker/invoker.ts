import type { MessageBus, Subscription, Topic } from '../bus/messageBus';
import type { Acknowledgement, ActivationMessage } from '../bus/messages';
import { completedTopic, invokerTopic } from '../bus/topics';
import type { ActivationRecord, ActivationResponse } from '../model/activation';
import type { Logger } from '../observe/logger';
import { type ActivationStore, ActivationStoreFull } from '../store/activationStore';
import type { ArtifactStore } from '../store/artifactStore';
import { ActionCache, type RuntimeLookup } from './actionCache';
import { ActionContext, ActivationJob, type JobListener, recordWithoutContainer } from './activationJob';
import { applicationFailure, responseTexts, whiskFailure } from './activationResponse';
import { ContainerPool } from './containerPool';
import type { ContainerFactory } from './containers/container';
import type { ActionProfile } from './executableAction';
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
  /** Activations accepted and not yet recorded; more wait on the bus. */
  maxInFlight?: number;
  log: Logger;
}

/** Wait before a record is offered again to a store that is full, ms. */
const storeRetry = 50;
const maxContexts = 10_000;

/** Takes activation messages from its topic, runs them in containers, acknowledges and records them: each ends in exactly one record. */
export class Invoker {
  private readonly pool: ContainerPool;
  private readonly actions: ActionCache;
  /** By namespace, action and revision. */
  private readonly contexts = new Map<string, ActionContext>();
  private readonly listener: JobListener;
  private subscription: Subscription | undefined;
  /** Ends of the messages under way. */
  private readonly settles = new Map<ActivationMessage, () => void>();
  private readonly topics = new Map<string, Topic<Acknowledgement>>();

  constructor(private readonly options: InvokerOptions) {
    this.actions = new ActionCache(options.artifacts, options.runtimes);
    this.listener = {
      answered: (message, record) => {
        if (message.blocking) this.acknowledge(message, record, false);
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
    this.subscription = await bus.subscribe(invokerTopic(id), { group: id, maxInFlight }, (message) => this.handle(message));
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
    await draining;
    await this.options.factory.close();
  }

  get status(): ContainerPool['status'] {
    return this.pool.status;
  }

  /** Resolves when the activation is recorded. Never rejects. */
  private handle(message: ActivationMessage): Promise<void> {
    return new Promise((resolve) => {
      this.settles.set(message, resolve);
      const { path, name, revision } = message.action;
      const id = `${path}/${name}`;
      const key = `${message.user.namespace.name} ${id}@${revision}`;
      const context = this.contexts.get(key);
      if (context) this.run(message, context);
      else void this.prepare(message, id, revision);
    });
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

  private refuse(message: ActivationMessage, response: ActivationResponse): void {
    this.completed(message, recordWithoutContainer(message, response, Date.now()), [], false);
  }

  private completed(message: ActivationMessage, record: ActivationRecord, logs: string[], told: boolean): void {
    this.acknowledge(message, message.blocking && !told ? record : undefined, true, record.response.statusCode === 3);
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
      for (;;) {
        try {
          await this.options.activations.store(record);
          return;
        } catch (error) {
          if (!(error instanceof ActivationStoreFull)) throw error;
          await new Promise((resolve) => setTimeout(resolve, storeRetry));
        }
      }
    } catch (error) {
      this.options.log.error(
        { activationId: record.activationId, reason: (error as Error).message },
        'an activation record could not be stored',
      );
    } finally {
      this.settle(message);
    }
  }

  private settle(message: ActivationMessage): void {
    this.settles.get(message)?.();
    this.settles.delete(message);
  }

  private acknowledge(message: ActivationMessage, record: ActivationRecord | undefined, slotFree: boolean, isSystemError = false): void {
    const acknowledgement: Acknowledgement = {
      activationId: message.activationId,
      transactionId: message.transactionId,
      slotFree,
      isSystemError,
      invoker: this.options.id,
    };
    if (record) acknowledgement.record = record;
    this.options.bus.send(this.topicOf(message.rootController), acknowledgement).catch((error: Error) => {
      this.options.log.error({ activationId: message.activationId, reason: error.message }, 'an acknowledgement could not be sent');
    });
  }

  private topicOf(controller: string): Topic<Acknowledgement> {
    let topic = this.topics.get(controller);
    if (!topic) {
      topic = completedTopic(controller);
      this.topics.set(controller, topic);
    }
    return topic;
  }
}

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedBus } from '../../platform/src/bus/embedded/embeddedBus';
import type { Handler, SubscribeOptions, Subscription, Topic } from '../../platform/src/bus/messageBus';
import type { Acknowledgement, ActivationMessage, Claim } from '../../platform/src/bus/messages';
import { completedTopic, invokerTopic } from '../../platform/src/bus/topics';
import { Invoker, type InvokerOptions } from '../../platform/src/invoker/invoker';
import { type ActivationRecord, newActivationId } from '../../platform/src/model/activation';
import type { ActionDocument } from '../../platform/src/model/entities';
import type { ActionLimits } from '../../platform/src/model/exec';
import type { NamespaceLimits } from '../../platform/src/model/identity';
import type { KeyValue } from '../../platform/src/model/parameters';
import type { Logger } from '../../platform/src/observe/logger';
import { type ActivationStore, ActivationStoreFull, RecordRefused } from '../../platform/src/store/activationStore';
import type { ArtifactStore } from '../../platform/src/store/artifactStore';
import { eventually, RuntimeProcesses } from './runtimeProcess';

export interface Invoked {
  id: string;
  /** What the caller was told, or what was stored when nobody waited. */
  record: ActivationRecord;
  acknowledgements: Acknowledgement[];
}

export interface InvokeChoice {
  blocking?: boolean;
  namespace?: string;
  cause?: string;
  extraLogging?: boolean;
  /** Of the activation; default a new one. */
  id?: string;
  limits?: NamespaceLimits;
  action?: { binding?: string; revision?: string };
  claim?: Claim;
}

const log = { warn() {}, error() {}, info() {} } as unknown as Logger;

/** A bus whose messages may be told to have been there before their reader. */
class TellingBus extends EmbeddedBus {
  inherited = false;

  override subscribe<T>(topic: Topic<T>, options: SubscribeOptions, handler: Handler<T>): Promise<Subscription> {
    return super.subscribe(topic, options, (message, position) => handler(message, { ...position, inherited: this.inherited }));
  }
}

/** A real invoker with real processes, between a bus in memory and stores in memory. */
export class InvokerBench {
  readonly records = new Map<string, ActivationRecord>();
  /** By activation, the copy of its message that counts. */
  readonly claims = new Map<string, string>();
  /** Calls that stored something. */
  stores = 0;
  /** How often the store refuses from now on. */
  fullFor = 0;
  /** Records that the store will never take. */
  refused: (record: ActivationRecord) => boolean = () => false;
  /** While set, the store fails. */
  failure: Error | undefined;
  readonly invoker: Invoker;
  private readonly processes = new RuntimeProcesses();
  readonly bus = new TellingBus();
  private readonly documents = new Map<string, { document: ActionDocument; revision: string }>();
  private readonly waiting = new Map<string, (ack: Acknowledgement) => void>();

  constructor(options: Partial<InvokerOptions> = {}) {
    this.invoker = new Invoker({
      id: 'invoker0',
      bus: this.bus,
      artifacts: { get: (id: string) => this.find(id) } as unknown as ArtifactStore,
      activations: {
        store: (record: ActivationRecord) => this.store(record),
        get: async (_: string, id: string) => this.records.get(id),
        claim: async (_: string, id: string, copy: string) => {
          if (this.failure) throw this.failure;
          if (!this.claims.has(id)) this.claims.set(id, copy);
          return this.claims.get(id) === copy;
        },
      } as unknown as ActivationStore,
      factory: this.processes.factory,
      runtimes: (kind) => (kind === 'cobol:1' ? undefined : { kind, image: '', sentinelledLogs: true }),
      userMemory: 2048,
      idleContainer: 600_000,
      pauseGrace: 10_000,
      payload: 1024 * 1024,
      truncation: 1024 * 1024,
      apiHost: 'http://127.0.0.1:1',
      log,
      ...options,
    });
    void this.bus.subscribe(completedTopic('controller0'), { group: 'controller0', maxInFlight: 10_000 }, async (ack) => {
      this.waiting.get(ack.activationId)?.(ack);
    });
  }

  put(
    name: string,
    {
      code,
      kind = 'nodejs:20',
      revision = '1',
      limits = {},
      annotations = [],
    }: { code: string; kind?: string; revision?: string; limits?: Partial<ActionLimits>; annotations?: KeyValue[] },
  ): void {
    const document: ActionDocument = {
      type: 'actions',
      namespace: 'ns',
      name,
      version: '0.0.1',
      publish: false,
      updated: 0,
      annotations: [{ key: 'provide-api-key', value: false }, ...annotations],
      parameters: [],
      exec: { kind, code, binary: false },
      limits: { timeout: 60_000, memory: 256, logs: 10, concurrency: 1, ...limits },
    };
    this.documents.set(`ns/${name}`, { document, revision });
  }

  /** Resolves with the acknowledgement that frees the slot, and with the one that told the result before. */
  async invoke(name: string, args: object, choice: InvokeChoice = {}): Promise<Invoked> {
    const { blocking = true, namespace = 'ns', cause, extraLogging, limits = {}, action, id = newActivationId(), claim } = choice;
    const message: ActivationMessage = {
      transactionId: 'tid',
      transactionStart: Date.now(),
      action: { path: 'ns', name, version: '0.0.1', revision: '1', ...action },
      user: { subject: 'subject', namespace: { name: namespace, uuid: namespace }, authkey: { uuid: 'u', key: 'k' }, limits },
      activationId: id,
      rootController: 'controller0',
      blocking,
      content: JSON.stringify(args),
      initArgs: [],
      cause,
      extraLogging,
      ...(claim ? { claim } : {}),
    };
    const acknowledgements: Acknowledgement[] = [];
    const free = new Promise<void>((resolve) => {
      this.waiting.set(id, (ack) => {
        // as it was when it was sent: nobody may change a record afterwards
        acknowledgements.push(structuredClone(ack));
        if (ack.slotFree) resolve();
      });
    });
    await this.bus.send(invokerTopic('invoker0'), message);
    await free;
    const told = acknowledgements.find((a) => a.record)?.record;
    return { id, record: told ?? this.records.get(id)!, acknowledgements };
  }

  async recorded(id: string): Promise<ActivationRecord | undefined> {
    await eventually(() => this.records.has(id));
    return this.records.get(id);
  }

  /** Drops what is noted about an activation. */
  forget(id: string): void {
    this.records.delete(id);
    this.waiting.delete(id);
  }

  /** Notes on disk about live processes. */
  workingFiles(): string[] {
    return readdirSync(join(this.processes.dataDir, 'containers'));
  }

  async close(): Promise<void> {
    await this.invoker.close();
    await this.processes.close();
  }

  private async find(id: string) {
    if (id === 'ns/unreadable') throw new Error('the store is down');
    return this.documents.get(id);
  }

  private async store(record: ActivationRecord): Promise<void> {
    if (this.failure) throw this.failure;
    if (this.refused(record)) throw new RecordRefused(record.activationId, 'too large');
    if (this.fullFor > 0) {
      this.fullFor--;
      throw new ActivationStoreFull();
    }
    this.stores++;
    if (this.records.has(record.activationId)) throw new Error('a second record of one activation');
    this.records.set(record.activationId, structuredClone(record));
  }
}

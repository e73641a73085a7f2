import type { Acknowledgement, ActivationMessage } from '../bus/messages';
import type { ActivationRecord } from '../model/activation';
import { CompletionTimeout, type Placement } from './loadBalancer';

/** How long a completion is waited for, beyond what the action may take. */
export interface CompletionWait {
  /** Multiplies the time limit. */
  timeoutFactor: number;
  /** ms, added after that. */
  timeoutAddon: number;
  /** ms; shorter time limits count as this. */
  shortest: number;
}

export interface Entry {
  readonly namespaceUuid: string;
  readonly action: string;
  readonly blocking: boolean;
  /** epoch ms at which the slot is given up */
  deadline: number;
  /** Where it was sent; undefined while it waits for a place. */
  invoker: string | undefined;
  /** Gives back what it holds at its invoker. */
  release: (() => void) | undefined;
  resolve: (record: ActivationRecord | undefined) => void;
  reject: (error: Error) => void;
}

const never: Placement = { result: new Promise(() => {}) };
const nothing = () => {};

/** Everything a controller has under way: who waits for it, what it holds, and how many a namespace has. */
export class ActivationBook {
  private readonly entries = new Map<string, Entry>();
  private readonly byNamespace = new Map<string, number>();
  /** Activations handed over and ended since the start. */
  readonly totals = { published: 0, completed: 0, lost: 0 };

  constructor(
    private readonly wait: CompletionWait,
    private readonly now: () => number = Date.now,
  ) {}

  open(message: ActivationMessage, timeout: number): { entry: Entry; placement: Placement } {
    const entry: Entry = {
      namespaceUuid: message.user.namespace.uuid,
      action: `${message.action.path}/${message.action.name}`,
      blocking: message.blocking,
      deadline: this.deadline(timeout),
      invoker: undefined,
      release: undefined,
      resolve: nothing,
      reject: nothing,
    };
    const placement: Placement = message.blocking
      ? {
          result: new Promise((resolve, reject) => {
            entry.resolve = resolve;
            entry.reject = reject;
          }),
        }
      : never;
    this.totals.published++;
    this.entries.set(message.activationId, entry);
    this.byNamespace.set(entry.namespaceUuid, this.activeOf(entry.namespaceUuid) + 1);
    return { entry, placement };
  }

  deadline(timeout: number): number {
    const { timeoutFactor, timeoutAddon, shortest } = this.wait;
    return this.now() + Math.max(timeout, shortest) * timeoutFactor + timeoutAddon;
  }

  /** The entry an acknowledgement belongs to, closed when it says that the slot is free; undefined for one that comes late. */
  acknowledge(ack: Acknowledgement): Entry | undefined {
    const entry = this.entries.get(ack.activationId);
    if (!entry) return undefined;
    if (entry.blocking && (ack.record || ack.recordOmitted || ack.slotFree)) entry.resolve(ack.record);
    if (ack.slotFree) {
      this.totals.completed++;
      this.close(ack.activationId);
    }
    return entry;
  }

  close(activationId: string): void {
    const entry = this.entries.get(activationId);
    if (!entry) return;
    this.entries.delete(activationId);
    const left = this.activeOf(entry.namespaceUuid) - 1;
    if (left > 0) this.byNamespace.set(entry.namespaceUuid, left);
    else this.byNamespace.delete(entry.namespaceUuid);
    entry.release?.();
  }

  /** Slots of activations whose end was never told are given up, so that a namespace does not stay at its limit for ever. */
  sweep(lost: (entry: Entry) => void = nothing): void {
    const now = this.now();
    for (const [id, entry] of this.entries) {
      if (entry.deadline > now) continue;
      this.totals.lost++;
      this.close(id);
      entry.reject(new CompletionTimeout(id));
      lost(entry);
    }
  }

  activeOf(namespaceUuid: string): number {
    return this.byNamespace.get(namespaceUuid) ?? 0;
  }

  /** Namespaces with something under way, by uuid. */
  get namespaces(): ReadonlyMap<string, number> {
    return this.byNamespace;
  }

  get size(): number {
    return this.entries.size;
  }

  active(): [string, string][] {
    return [...this.entries].map(([id, { action }]) => [id, action]);
  }
}

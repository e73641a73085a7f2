import type { Job } from './job';

/** A job that waits, and since when (ms of the clock's `elapsed`). */
export interface Waiting {
  readonly job: Job;
  readonly since: number;
}

interface Entry extends Waiting {
  taken: boolean;
}

/** How many entries are passed by before somebody else has his turn: what is looked at with each change must stay short. */
const longestLook = 64;

/** Entries in order of arrival. Taken ones are skipped, so that an entry can stand in two queues. */
class Queue {
  private entries: Entry[] = [];
  private head = 0;

  push(entry: Entry): void {
    this.entries.push(entry);
  }

  unshift(entry: Entry): void {
    this.entries.splice(this.head, 0, entry);
  }

  /** The oldest entry that `passed` does not pass by. */
  first(passed?: (entry: Waiting) => boolean): Entry | undefined {
    while (this.head < this.entries.length && this.entries[this.head]!.taken) this.head++;
    if (this.head > 64 && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
    if (!passed) return this.entries[this.head];
    const end = Math.min(this.entries.length, this.head + longestLook);
    for (let at = this.head; at < end; at++) {
      const entry = this.entries[at]!;
      if (!entry.taken && !passed(entry)) return entry;
    }
    return undefined;
  }
}

interface Namespace {
  name: string;
  all: Queue;
  size: number;
}

/**
 * Jobs that found no room. Namespaces take turns; within one, jobs keep their order, except that a container which becomes free may take the oldest job
 * of its own key.
 */
export class RunBuffer {
  private readonly namespaces = new Map<string, Namespace>();
  /** Namespaces with jobs, the one whose turn it is first. */
  private turns: Namespace[] = [];
  private readonly byKey = new Map<string, { queue: Queue; size: number }>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  add(job: Job, now: number): void {
    this.insert({ job, since: now, taken: false }, false);
  }

  /** Back to where it was: the job was taken and could not be begun. */
  putBack(job: Job, since: number): void {
    this.insert({ job, since, taken: false }, true);
  }

  takeMatching(key: string): Job | undefined {
    const entry = this.byKey.get(key)?.queue.first();
    return entry && this.take(entry);
  }

  /** The oldest job of each namespace, in order of turns; those that `passed` tells of do not count. */
  *heads(passed?: (waiting: Waiting) => boolean): IterableIterator<Waiting> {
    for (const namespace of [...this.turns]) {
      const entry = namespace.all.first(passed);
      if (entry) yield entry;
    }
  }

  /** Takes one of `heads` out; its namespace goes to the end of the turns. */
  takeHead(head: Waiting): void {
    const entry = head as Entry;
    const namespace = this.namespaces.get(entry.job.namespace);
    if (!namespace || entry.taken) throw new Error('Only a job that waits can be taken.');
    this.turns = [...this.turns.filter((n) => n !== namespace), namespace];
    this.take(entry);
  }

  takeAll(): Job[] {
    const jobs: Job[] = [];
    for (const namespace of [...this.turns]) {
      for (let entry = namespace.all.first(); entry; entry = namespace.all.first()) jobs.push(this.take(entry));
    }
    return jobs;
  }

  private insert(entry: Entry, first: boolean): void {
    const { job } = entry;
    let namespace = this.namespaces.get(job.namespace);
    if (!namespace) {
      namespace = { name: job.namespace, all: new Queue(), size: 0 };
      this.namespaces.set(job.namespace, namespace);
      this.turns.push(namespace);
    }
    let keyed = this.byKey.get(job.key);
    if (!keyed) {
      keyed = { queue: new Queue(), size: 0 };
      this.byKey.set(job.key, keyed);
    }
    for (const queue of [namespace.all, keyed.queue]) {
      if (first) queue.unshift(entry);
      else queue.push(entry);
    }
    namespace.size++;
    keyed.size++;
    this.count++;
  }

  private take(entry: Entry): Job {
    const { job } = entry;
    entry.taken = true;
    this.count--;
    const namespace = this.namespaces.get(job.namespace)!;
    if (--namespace.size === 0) {
      this.namespaces.delete(job.namespace);
      this.turns = this.turns.filter((n) => n !== namespace);
    }
    const keyed = this.byKey.get(job.key)!;
    if (--keyed.size === 0) this.byKey.delete(job.key);
    return job;
  }
}

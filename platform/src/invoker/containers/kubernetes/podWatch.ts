import type { Readable } from 'node:stream';
import { KubernetesApiError } from './apiErrors';
import type { KubernetesApi } from './kubernetesApi';
import { type Pod, type PodState, podState } from './podState';

/** What the API server is asked for at most, s; it ends a watch then, and the next one takes up where that stopped. */
const watchSeconds = 290;
/** ms without a byte, a bookmark a minute among them, after which a connection counts as broken. */
const longestSilence = 150_000;
/** Bytes of an event; no object of a cluster is larger than 1.5 MB. */
const maxEvent = 4 * 1024 * 1024;
/** Pods of an answer. */
const pageSize = 500;
/** ms between two attempts, doubled while they fail. */
const firstPause = 100;
const lastPause = 5_000;

const gone = 410;

interface PodList {
  metadata: { resourceVersion: string; continue?: string };
  items: Pod[];
}

interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: Pod & { metadata: { resourceVersion?: string }; code?: number; message?: string };
}

/** A pod that somebody wants to know about. */
export interface WatchedPod {
  readonly state: PodState;
  /** The API server has it: from now on it is gone when a list lacks it. */
  made(pod: Pod): void;
  /**
   * Resolves with the state `until` accepts, which may be the present one; rejects after `timeoutMs`, if there is such a time, with what `late` says, and not
   * at all when nobody wants to know about the pod any more.
   */
  reach(until: (state: PodState) => boolean, timeoutMs?: number, late?: (state: PodState) => string): Promise<PodState>;
  /** Asks for it, in case news does not come. */
  look(): Promise<void>;
  forget(): void;
}

/**
 * News of all pods of an invoker on one connection: a list, then a watch from there on, taken up again when it breaks, and after a new list where the
 * API server has forgotten the place (410).
 */
export class PodWatch {
  private readonly pods = new Map<string, PodEntry>();
  private readonly ending = new AbortController();
  private running: Promise<void> | undefined;
  private failing = false;

  constructor(
    private readonly api: KubernetesApi,
    /** `/api/v1/namespaces/<namespace>/pods` */
    private readonly path: string,
    private readonly labelSelector: string,
    private readonly warn: (message: string) => void,
  ) {}

  /** Begins, if it has not. */
  start(): void {
    this.running ??= this.run();
  }

  of(name: string): WatchedPod {
    const entry = new PodEntry(
      () => this.look(name),
      () => {
        if (this.pods.get(name) === entry) this.pods.delete(name);
      },
    );
    this.pods.set(name, entry);
    return entry;
  }

  /** All pods there are, and the place in history they stand for. */
  async list(): Promise<{ pods: Pod[]; resourceVersion: string }> {
    const pods: Pod[] = [];
    let after: string | undefined;
    for (;;) {
      const query = { labelSelector: this.labelSelector, limit: String(pageSize), ...(after ? { continue: after } : {}) };
      const { metadata, items }: PodList = await this.api.call<PodList>('GET', this.path, { query });
      pods.push(...items);
      if (!metadata.continue || items.length === 0) return { pods, resourceVersion: metadata.resourceVersion };
      after = metadata.continue;
    }
  }

  async close(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    let place: string | undefined;
    let pause = firstPause;
    while (!this.ending.signal.aborted) {
      try {
        place ??= await this.relist();
        await this.watch(place, (resourceVersion) => {
          place = resourceVersion;
          pause = firstPause;
          this.failing = false;
        });
      } catch (error) {
        if (this.ending.signal.aborted) return;
        if (error instanceof KubernetesApiError && error.status === gone) place = undefined;
        else this.tell(error as Error);
      }
      // also after an orderly end: a server that ends each watch at once is not to be flooded
      await this.sleep(pause);
      pause = Math.min(lastPause, pause * 2);
    }
  }

  /** Gives the place to watch from. */
  private async relist(): Promise<string> {
    const known = [...this.pods].filter(([, entry]) => entry.isMade);
    const { pods, resourceVersion } = await this.list();
    const there = new Map(pods.map((pod) => [pod.metadata.name, pod]));
    for (const [name, pod] of there) this.pods.get(name)?.take(podState(pod));
    for (const [name, entry] of known) if (!there.has(name)) entry.take({ phase: 'gone' });
    return resourceVersion;
  }

  private async watch(resourceVersion: string, reached: (resourceVersion: string) => void): Promise<void> {
    const query = {
      labelSelector: this.labelSelector,
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion,
      timeoutSeconds: String(watchSeconds),
    };
    const events = await this.api.open(this.path, query, longestSilence, this.ending.signal);
    for await (const line of linesOf(events)) {
      const { type, object } = JSON.parse(line) as WatchEvent;
      if (type === 'ERROR') throw new KubernetesApiError(object.message ?? 'A watch of the cluster has failed.', object.code ?? 500);
      if (object.metadata.resourceVersion) reached(object.metadata.resourceVersion);
      if (type !== 'BOOKMARK') this.pods.get(object.metadata.name)?.take(type === 'DELETED' ? { phase: 'gone' } : podState(object));
    }
  }

  private async look(name: string): Promise<void> {
    const state = await this.api.call<Pod>('GET', `${this.path}/${name}`).then(podState, (error: Error): PodState | undefined => {
      if (error instanceof KubernetesApiError && error.status === 404) return { phase: 'gone' };
      return undefined;
    });
    const entry = this.pods.get(name);
    if (state && entry?.isMade) entry.take(state);
  }

  /** Once, until it is well again. */
  private tell(error: Error): void {
    if (!this.failing) this.warn(`News of the pods of actions does not come and will be asked for again: ${error.message}`);
    this.failing = true;
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.ending;
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }
}

class PodEntry implements WatchedPod {
  state: PodState = { phase: 'pending', waitsFor: '' };
  isMade = false;
  private readonly waiting = new Set<() => void>();

  constructor(
    readonly look: () => Promise<void>,
    readonly forget: () => void,
  ) {}

  made(pod: Pod): void {
    this.isMade = true;
    // the watch may have been faster than the answer
    if (this.state.phase === 'pending') this.take(podState(pod));
  }

  take(state: PodState): void {
    // what has ended does not come back, whatever an older list says; and how it ended counts also when it is removed
    if (this.state.phase === 'gone' || this.state.phase === 'ended') return;
    this.state = state;
    for (const look of [...this.waiting]) look();
  }

  reach(until: (state: PodState) => boolean, timeoutMs?: number, late = (_: PodState) => 'it took too long.'): Promise<PodState> {
    if (until(this.state)) return Promise.resolve(this.state);
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.waiting.delete(look);
      };
      const look = () => {
        if (!until(this.state)) return;
        end();
        resolve(this.state);
      };
      const tooLate = () => {
        end();
        reject(new Error(late(this.state)));
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(tooLate, timeoutMs);
      this.waiting.add(look);
    });
  }
}

/** Lines of at most `maxEvent` bytes. What has no end when the stream ends is none. */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let at = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, at)) {
      parts.push(chunk.subarray(at, end));
      const line = Buffer.concat(parts).toString('utf8');
      parts = [];
      size = 0;
      at = end + 1;
      if (line !== '') yield line;
    }
    if (at === chunk.length) continue;
    parts.push(chunk.subarray(at));
    size += chunk.length - at;
    if (size > maxEvent) throw new Error('an event of the cluster is larger than 4 MB.');
  }
}

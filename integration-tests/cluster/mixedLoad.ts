import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hashText, score } from '../../platform/src/balancer/rendezvous';
import { eventually } from '../eventually';
import { call } from '../httpCall';
import { basic } from '../platformProcess';
import type { Cluster } from './cluster';

type Kind = 'blocking' | 'nonBlocking' | 'sequence' | 'composition' | 'trigger' | 'read';

export interface Failure {
  kind: Kind;
  /** When the call was made, and when it had failed, ms since the load began. */
  began: number;
  at: number;
  what: string;
}

const kinds = ['blocking', 'nonBlocking', 'read', 'blocking', 'sequence', 'blocking', 'trigger', 'nonBlocking', 'read'] as const;

export interface Recorded {
  status: string;
  error: string | undefined;
  result: { n?: number; error?: string };
  /** Ids of what ran inside it. */
  parts: string[];
}

/** Calls that take some seconds: what is called, how long each of its steps takes (ms), and what comes out of it. */
const slowCalls = {
  nonBlocking: { path: 'step', wait: 8000, n: 1 },
  sequence: { path: 'chain', wait: 1500, n: 5 },
  composition: { path: 'conductor', wait: 1500, n: 4 },
} as const;

/**
 * Steady calls of every kind through nginx, from the moment of `start` to `stop`, with the ids of all that was accepted. The action tells
 * a counter of this process each time it runs.
 */
export class MixedLoad {
  readonly accepted = new Map<string, Kind>();
  readonly failures: Failure[] = [];
  /** How often user code ran, by activation id. */
  readonly runs = new Map<string, number>();
  /** When each answer came and how long it took, ms since the load began. */
  readonly answers: { at: number; took: number }[] = [];
  private running = false;
  private readonly workers: Promise<void>[] = [];
  private began = 0;

  private constructor(
    private readonly cluster: Cluster,
    private readonly namespace: string,
    private readonly auth: string,
    private readonly counter: Server,
  ) {}

  /** Makes the entities in a namespace of its own. */
  static async prepare(cluster: Cluster, namespace: string): Promise<MixedLoad> {
    const counter = createServer((incoming, outgoing) => {
      const id = new URL(incoming.url!, 'http://counter').searchParams.get('id')!;
      load.runs.set(id, (load.runs.get(id) ?? 0) + 1);
      outgoing.end();
    });
    await new Promise<void>((resolve) => counter.listen(0, cluster.address, resolve));
    const { port } = counter.address() as AddressInfo;
    const { auth } = await cluster.namespace(namespace);
    const load: MixedLoad = new MixedLoad(cluster, namespace, auth, counter);
    const counted = (then: string) => `const http = require('node:http');
      function main(args) {
        const id = process.env.__OW_ACTIVATION_ID;
        return new Promise((resolve, reject) => {
          http.get('http://${cluster.address}:${port}/?id=' + id, (answer) => {
            answer.resume();
            answer.on('end', () => ${then});
          }).on('error', reject);
        });
      }`;
    const action = (then: string, more: object = {}) => ({
      exec: { kind: 'nodejs:default', code: counted(then) },
      limits: { memory: 128 },
      ...more,
    });
    const sequence = (...names: string[]) => ({ exec: { kind: 'sequence', components: names.map((name) => `/${namespace}/${name}`) } });
    await load.put('actions/step', action('setTimeout(resolve, args.wait || 0, { n: (args.n || 0) + 1, wait: args.wait })'));
    await load.put('actions/both', sequence('step', 'step'));
    await load.put('actions/chain', sequence('both', 'step', 'both'));
    const conducted = `resolve((args.at || 0) < 4
      ? { action: 'step', params: { n: args.n, wait: args.wait }, state: { at: (args.at || 0) + 1 } }
      : { n: args.n })`;
    await load.put('actions/conductor', action(conducted, { annotations: [{ key: 'conductor', value: true }] }));
    await load.put('triggers/event', {});
    await load.put('rules/react', { trigger: `/${namespace}/event`, action: `/${namespace}/step` });
    return load;
  }

  /** May be called again, for more. */
  start(workers = 4): void {
    this.running = true;
    this.began ||= Date.now();
    for (let i = 0; i < workers; i++) this.workers.push(this.work(i));
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.workers);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.counter.close(() => resolve());
      this.counter.closeAllConnections();
    });
  }

  /** Resolves when every accepted activation, components included, has its record; throws with those that have none in time. */
  async recorded(ms = 60_000): Promise<Map<string, Recorded>> {
    const records = new Map<string, Recorded>();
    const ids = new Set(this.accepted.keys());
    await eventually(async () => {
      const open = [...ids].filter((id) => !records.has(id));
      for (let i = 0; i < open.length; i += 16) {
        await Promise.all(
          open.slice(i, i + 16).map(async (id) => {
            const answer = await this.cluster.api(this.auth, 'GET', `activations/${id}`);
            if (answer.status !== 200) return;
            const record = read(answer.json);
            records.set(id, record);
            for (const part of record.parts) ids.add(part);
          }),
        );
      }
      const missing = [...ids].filter((id) => !records.has(id));
      const first = missing.slice(0, 5).map((id) => `${id} (${this.accepted.get(id) ?? 'component'})`);
      if (missing.length > 0) throw new Error(`${missing.length} of ${ids.size} have no record: ${first.join(', ')}`);
    }, ms);
    return records;
  }

  /** Calls that take some seconds and are not waited for; their ids, when user code has begun. */
  async slow(kind: keyof typeof slowCalls, count: number, base = this.cluster.apiHost): Promise<string[]> {
    const before = this.runs.size;
    const { path, wait } = slowCalls[kind];
    const answers = await Promise.all(
      Array.from({ length: count }, () => this.cluster.api(this.auth, 'POST', `actions/${path}`, { wait }, base)),
    );
    const ids = answers.map(({ json, status, text }) => {
      if (status !== 202) throw new Error(`a slow call was not accepted: ${status} ${text}`);
      return json.activationId as string;
    });
    for (const id of ids) this.accepted.set(id, kind);
    await eventually(async () => {
      const begun = kind === 'nonBlocking' ? ids.filter((id) => this.runs.has(id)).length : this.runs.size - before;
      if (begun < count) throw new Error(`${begun} of ${count} have begun`);
    });
    return ids;
  }

  /** One call that takes as long as a slow one, and is waited for up to so many ms. */
  async waitFor(timeout: number): Promise<{ status: number; id: string; error: string | undefined }> {
    const { path, wait } = slowCalls.nonBlocking;
    const query = `blocking=true&timeout=${timeout}`;
    const { status, json } = await this.cluster.api(this.auth, 'POST', `actions/${path}?${query}`, { wait });
    this.accepted.set(json.activationId, 'blocking');
    return { status, id: json.activationId, error: json.response?.result?.error };
  }

  /** What comes out of a slow call when nothing goes wrong. */
  resultOf(kind: keyof typeof slowCalls): number {
    return slowCalls[kind].n;
  }

  /** The number of the invoker, of so many, at which the load's action is at home. */
  home(invokers: number): number {
    const key = hashText(`${this.namespace} ${this.namespace}/step`);
    const scores = Array.from({ length: invokers }, (_, i) => score(key, hashText(`invoker${i}`)));
    return scores.indexOf(Math.max(...scores));
  }

  /** When the first answer came after `from`, ms since the load began. */
  firstAnswer(from: number): number {
    return Math.min(...this.answers.map(({ at }) => at).filter((at) => at >= from));
  }

  /** The longest time without any answer from `from` (ms since the load began) on. */
  longestGap(from = 0): number {
    const times = [from, ...this.answers.map(({ at }) => at).filter((at) => at >= from)].sort((a, b) => a - b);
    return Math.max(0, ...times.slice(1).map((at, i) => at - times[i]!));
  }

  /** One call that waits for nothing; gives its id. */
  async fire(): Promise<string> {
    const { status, json, text } = await this.cluster.api(this.auth, 'POST', 'actions/step', { n: 1 });
    if (status !== 202) throw new Error(`${status} ${text}`);
    this.accepted.set(json.activationId, 'nonBlocking');
    return json.activationId as string;
  }

  get now(): number {
    return Date.now() - this.began;
  }

  private async work(worker: number): Promise<void> {
    for (let i = worker; this.running; i++) {
      const kind = kinds[i % kinds.length]!;
      const started = Date.now();
      try {
        await this.one(kind);
        this.answers.push({ at: this.now, took: Date.now() - started });
        // what is looked for is not speed: other tests run beside
        await new Promise((resolve) => setTimeout(resolve, 20));
      } catch (error) {
        this.failures.push({
          kind,
          began: started - this.began,
          at: this.now,
          what: `${(error as Error).message} after ${Date.now() - started} ms`,
        });
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  private async one(kind: (typeof kinds)[number]): Promise<void> {
    const request = {
      blocking: ['POST', 'actions/step?blocking=true', 200],
      nonBlocking: ['POST', 'actions/step', 202],
      sequence: ['POST', 'actions/both?blocking=true', 200],
      trigger: ['POST', 'triggers/event', 202],
      read: ['GET', 'actions/step', 200],
    } as const;
    const [method, path, expected] = request[kind];
    const url = `${this.cluster.apiHost}/api/v1/namespaces/_/${path}`;
    const headers = { authorization: basic(this.auth) };
    const answer = await call(url, { method, headers, ...(method === 'POST' ? { json: { n: 1 } } : {}) });
    const id = answer.json?.activationId;
    // an id that was told is a promise, whatever the status
    if (typeof id === 'string') this.accepted.set(id, kind);
    if (answer.status !== expected) throw new Error(`${answer.status} ${answer.text.slice(0, 200)}`);
  }

  private async put(path: string, json: object): Promise<void> {
    const answer = await this.cluster.api(this.auth, 'PUT', path, json);
    if (answer.status !== 200) throw new Error(`PUT ${path}: ${answer.status} ${answer.text}`);
  }
}

interface RecordJson {
  response: { status: string; result?: Recorded['result'] };
  logs: string[];
  annotations: { key: string; value: unknown }[];
}

function read({ response, logs, annotations }: RecordJson): Recorded {
  const result = response.result ?? {};
  // a sequence tells the ids of its parts, a firing what became of each rule
  const whole = annotations.some(({ key, value }) => key === 'kind' && value === 'sequence');
  const fired = annotations.length === 0 ? logs.map((line) => JSON.parse(line).activationId as string | undefined) : [];
  const parts = whole ? logs : fired.filter((id) => id !== undefined);
  return { status: response.status, error: result.error, result, parts };
}

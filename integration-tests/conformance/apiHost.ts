import { eventually } from '../eventually';
import { type CallOptions, call, type HttpAnswer } from '../httpCall';
import { basic, type NamespaceKey, PlatformProcess } from '../platformProcess';

const { OPENWHISK_TEST_HOST: elsewhere, OPENWHISK_TEST_AUTH: auth = '', OPENWHISK_TEST_OTHER_AUTH: otherAuth = '' } = process.env;

/** False when the suite is pointed at another API host: what needs a platform of its own, or an admin API, is left out there. */
export const isOwnPlatform = elsewhere === undefined;
export const describeOnOwnPlatform = isOwnPlatform ? describe : describe.skip;

export interface ApiCall extends CallOptions {
  /** Default `guest`. `none` sends no credentials. */
  as?: 'guest' | 'other' | 'bad' | 'none' | NamespaceKey;
}

let fresh = 0;

/** A name nobody has used yet, also on a host that outlives the run. */
export function freshName(prefix = 'c'): string {
  return `${prefix}${Date.now().toString(36)}${(fresh++).toString(36)}`;
}

/**
 * The API under test with two subjects: a platform started for the file, or the host of `OPENWHISK_TEST_HOST` with the keys of
 * `OPENWHISK_TEST_AUTH` and `OPENWHISK_TEST_OTHER_AUTH`.
 */
export class ApiHost {
  /** Paths of entities that were made, for hosts that outlive the run. */
  private readonly made = new Set<string>();

  private constructor(
    readonly url: string,
    readonly guest: NamespaceKey,
    readonly other: NamespaceKey,
    private readonly started: PlatformProcess | undefined,
  ) {}

  static async open(environment: Record<string, string> = {}): Promise<ApiHost> {
    if (elsewhere) {
      const of = async (key: string): Promise<NamespaceKey> => {
        const answer = await call(`${elsewhere}/api/v1/namespaces`, { headers: { authorization: basic(key) } });
        return { namespace: answer.json[0], auth: key };
      };
      return new ApiHost(elsewhere, await of(auth), await of(otherAuth), undefined);
    }
    const platform = await PlatformProcess.start({ CONFIG_whisk_containerPool_userMemory: '4096 m', ...environment });
    return new ApiHost(platform.apiHost, await platform.namespace('guest'), await platform.namespace('other'), platform);
  }

  async close(): Promise<void> {
    if (this.started) await this.started.stop();
    else await this.tidyUp();
  }

  private async tidyUp(): Promise<void> {
    for (const collection of ['rules', 'triggers', 'actions', 'packages']) {
      for (const made of this.made) {
        const [as, path] = made.split(' ') as ['guest' | 'other', string];
        if (path.includes(`/${collection}/`)) await this.call('DELETE', `${path}?force=true`, { as });
      }
    }
  }

  /** Only in tests of `describeOnOwnPlatform`. */
  get platform(): PlatformProcess {
    if (!this.started) throw new Error('this needs a platform of its own');
    return this.started;
  }

  /** `path` is under `/api/v1`, or at the root when it begins with two slashes; `NS` and `OTHER` in it are the namespaces. */
  async call(method: string, path: string, options: ApiCall = {}): Promise<HttpAnswer> {
    const { as = 'guest', ...rest } = options;
    const full = this.named(path.startsWith('//') ? path.slice(1) : `/api/v1${path}`);
    const key = this.keyOf(as);
    const headers = { ...(key ? { authorization: basic(key) } : {}), ...options.headers };
    const json = rest.json === undefined ? {} : { json: JSON.parse(this.named(JSON.stringify(rest.json))) };
    const answer = await call(this.url + full, { method, ...rest, ...json, headers });
    if (method === 'PUT' && answer.status === 200 && typeof as === 'string') this.made.add(`${as} ${path.split('?')[0]}`);
    return answer;
  }

  /** `text` with the names of the namespaces in it. */
  named(text: string): string {
    return text.replaceAll('OTHER', this.other.namespace).replace(/(?<!OPTIO)NS/g, this.guest.namespace);
  }

  /** Creates or replaces an entity of the guest (or whoever is named); throws unless it worked. */
  async put(path: string, json: object, as: ApiCall['as'] = 'guest'): Promise<HttpAnswer> {
    const answer = await this.call('PUT', `/namespaces/_/${path}?overwrite=true`, {
      as,
      json: JSON.parse(this.named(JSON.stringify(json))),
    });
    if (answer.status !== 200) throw new Error(`PUT ${path}: ${answer.status} ${answer.text}`);
    return answer;
  }

  putAction(path: string, code: string, more: object = {}, as: ApiCall['as'] = 'guest'): Promise<HttpAnswer> {
    return this.put(`actions/${path}`, { exec: { kind: 'nodejs:default', code }, ...more }, as);
  }

  invoke(path: string, json: unknown = {}, query = 'blocking=true', as: ApiCall['as'] = 'guest'): Promise<HttpAnswer> {
    return this.call('POST', `/namespaces/_/actions/${path}?${query}`, { as, json });
  }

  /** The record of an activation, as soon as it is stored. */
  record(activationId: string, as: ApiCall['as'] = 'guest'): Promise<HttpAnswer> {
    return eventually(async () => {
      const answer = await this.call('GET', `/namespaces/_/activations/${activationId}`, { as });
      if (answer.status !== 200) throw new Error(`activation ${activationId}: ${answer.status} ${answer.text}`);
      return answer;
    });
  }

  private keyOf(as: NonNullable<ApiCall['as']>): string | undefined {
    if (typeof as === 'object') return as.auth;
    if (as === 'none') return undefined;
    if (as === 'bad') return `23bc46b1-71f6-4ed5-8c54-816aa4f8c000:${'x'.repeat(64)}`;
    return this[as].auth;
  }
}

/** One row of a table: name, request, and what the answer is. */
export interface Row {
  name: string;
  do: string;
  with?: ApiCall;
  status: number;
  /** The `error` of the answer, whole or as a pattern. */
  error?: string | RegExp;
  /** Must be contained in the JSON of the answer. */
  json?: unknown;
  /** Headers; null = must not be there. */
  headers?: Record<string, string | RegExp | null>;
}

/** Plays rows, each as a test of its own. */
export function testRows(host: () => ApiHost, rows: Row[]): void {
  test.each(rows.map((row) => [row.name, row] as const))('%s', async (_, row) => {
    const space = row.do.indexOf(' ');
    const answer = await host().call(row.do.slice(0, space), row.do.slice(space + 1), row.with);
    expectAnswer(host(), answer, row);
  });
}

export function expectAnswer(host: ApiHost, answer: HttpAnswer, { status, error, json, headers }: Omit<Row, 'name' | 'do'>): void {
  expect([answer.status, answer.status === status ? '' : answer.text]).toEqual([status, '']);
  if (typeof error === 'string') expect(answer.json?.error).toBe(host.named(error));
  if (error instanceof RegExp) expect(answer.json?.error).toMatch(error);
  if (json !== undefined) expect(answer.json).toMatchObject(JSON.parse(host.named(JSON.stringify(json))));
  for (const [name, value] of Object.entries(headers ?? {})) {
    const got = answer.headers[name.toLowerCase()];
    if (value === null) expect(got).toBeUndefined();
    else if (typeof value === 'string') expect(got).toBe(value);
    else expect(got).toMatch(value);
  }
}

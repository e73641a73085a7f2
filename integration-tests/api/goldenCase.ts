import { call, type HttpAnswer } from '../httpCall';
import { basic } from '../platformProcess';
import { differences } from './goldenMatch';

export interface GoldenStep {
  do: string;
  auth?: 'guest' | 'other' | 'bad' | 'none';
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
  base64?: string;
  expect?: { status: number; headers?: Record<string, unknown>; json?: unknown; text?: unknown; base64?: unknown };
  save?: Record<string, string>;
  wait?: number;
  retry?: number;
  unchecked?: boolean;
}

export interface GoldenCase {
  id: string;
  note?: string;
  needs?: string;
  limits?: object;
  steps: GoldenStep[];
}

/** Who plays: an API host and two keys with their namespaces. */
export interface GoldenHost {
  apiHost: string;
  guest: { namespace: string; auth: string };
  other: { namespace: string; auth: string };
}

type Variables = Record<string, unknown>;

const seconds = (n: number) => new Promise((resolve) => setTimeout(resolve, n * 1000));
let fresh = 0;

/** Plays a case; the differences found, each with its step. */
export async function playCase(golden: GoldenCase, host: GoldenHost): Promise<string[]> {
  const variables: Variables = {
    ns: host.guest.namespace,
    otherNs: host.other.namespace,
    // always as long as in the recording: sizes of results depend on it
    n: `g${Date.now().toString(36)}${(fresh++).toString(36).padStart(5, '0')}`,
  };
  const problems: string[] = [];
  for (const [i, step] of golden.steps.entries()) {
    if (step.wait) await seconds(step.wait);
    let answer = await playStep(step, host, variables);
    let found = compare(step, answer, variables);
    // `retry` is how many seconds the recorded host may need; a busy machine needs longer
    for (let t = 0; t < 5 * (step.retry ?? 0) && found.length > 0; t++) {
      await seconds(1);
      answer = await playStep(step, host, variables);
      found = compare(step, answer, variables);
    }
    problems.push(...found.map((p) => `step ${i + 1} ${step.do}: ${p}`));
    for (const [name, place] of Object.entries(step.save ?? {})) variables[name] = pick(answer, place);
  }
  return problems;
}

function playStep(step: GoldenStep, host: GoldenHost, variables: Variables): Promise<HttpAnswer> {
  const [method, ...rest] = (fill(step.do, variables) as string).split(' ');
  const path = rest.join(' ');
  // the recording client kept its connections: an answer's size shows it where an action gives its headers back
  const headers: Record<string, string> = { connection: 'keep-alive', ...(fill(step.headers ?? {}, variables) as Record<string, string>) };
  const keys = {
    guest: host.guest.auth,
    other: host.other.auth,
    bad: `23bc46b1-71f6-4ed5-8c54-816aa4f8c000:${'x'.repeat(64)}`,
    none: undefined,
  };
  const key = keys[step.auth ?? 'guest'];
  if (key) headers.authorization = basic(key);
  const url = host.apiHost + (path.startsWith('//') ? path.slice(1) : `/api/v1${path}`);
  const options = { method: method!, headers };
  if ('json' in step) return call(url, { ...options, json: fill(step.json, variables) });
  if ('text' in step) return call(url, { ...options, body: fill(step.text, variables) as string });
  if ('base64' in step) return call(url, { ...options, body: Buffer.from(step.base64!, 'base64') });
  return call(url, options);
}

function compare(step: GoldenStep, answer: HttpAnswer, variables: Variables): string[] {
  if (!step.expect) return [];
  const expected = fill(step.expect, variables) as NonNullable<GoldenStep['expect']>;
  const out: string[] = [];
  if (answer.status !== expected.status) out.push(`status: wanted ${expected.status}, got ${answer.status} ${answer.text.slice(0, 300)}`);
  for (const [name, want] of Object.entries(expected.headers ?? {})) {
    const got = answer.headers[name];
    if (want === null) out.push(...(got === undefined ? [] : [`header ${name}: not expected`]));
    else out.push(...differences(want, got, `header ${name}`));
  }
  if ('json' in expected) out.push(...differences(expected.json, answer.json));
  if ('text' in expected) out.push(...differences(expected.text, answer.text));
  if ('base64' in expected) out.push(...differences(expected.base64, answer.body.toString('base64')));
  return out;
}

function fill(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string')
    return value.replace(/\$\{(\w+)\}/g, (whole, k: string) => (k in variables ? String(variables[k]) : whole));
  if (Array.isArray(value)) return value.map((v) => fill(v, variables));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [fill(k, variables) as string, fill(v, variables)]));
  }
  return value;
}

function pick(answer: HttpAnswer, place: string): unknown {
  if (place.startsWith('header:')) return answer.headers[place.slice('header:'.length)];
  return place.split('.').reduce((o: unknown, k) => (o as Variables | undefined)?.[k], answer.json);
}

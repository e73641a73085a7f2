import { request } from 'node:http';
import { request as secureRequest } from 'node:https';

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  text: string;
  /** Undefined when the body is no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  json: any;
}

export interface CallOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  json?: unknown;
  /** ms */
  timeout?: number;
  /** Sends the path as it stands; else `..` and the like are resolved here, as browsers do. */
  exactPath?: boolean;
  /** Of https: the only authority that is trusted, in PEM form. */
  ca?: string;
}

/** One request over a connection of its own. */
export function call(url: string, options: CallOptions = {}): Promise<HttpAnswer> {
  const { method = 'GET', timeout = 90_000, json } = options;
  const body = json === undefined ? options.body : JSON.stringify(json);
  const headers: Record<string, string | number> = { ...options.headers };
  if (json !== undefined) headers['content-type'] ??= 'application/json';
  if (body !== undefined) headers['content-length'] = Buffer.byteLength(body);
  return new Promise((resolve, reject) => {
    const exact = options.exactPath ? { path: url.replace(/^https?:\/\/[^/]*/, '') } : {};
    const secure = url.startsWith('https:') ? { ca: options.ca } : {};
    const begin = url.startsWith('https:') ? secureRequest : request;
    const outgoing = begin(url, { method, headers, timeout, agent: false, ...exact, ...secure }, (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('error', reject);
      incoming.on('end', () => {
        outgoing.destroy();
        const whole = Buffer.concat(parts);
        const text = whole.toString('utf8');
        resolve({ status: incoming.statusCode!, headers: incoming.headers, body: whole, text, json: parse(text) });
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in ${timeout} ms`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

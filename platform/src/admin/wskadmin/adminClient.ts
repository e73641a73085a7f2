import { rootCertificates } from 'node:tls';
import { Agent, fetch, type Response } from 'undici';

/** An answer of the admin API. */
export interface AdminAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each route has its own shape
  json: any;
}

/** Codes of certificates whose authority is not known. */
const UNTRUSTED = ['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'];

/** The admin API as the commands use it. */
export type AdminClient = (method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: object) => Promise<AdminAnswer>;

/**
 * Talks to an admin API at `url` with its key. Rejects with a sentence when nobody answers there.
 *
 * @param ca Certificate in PEM form of an authority that is trusted beside those every program trusts.
 */
export function adminClient(url: string, key: string, ca?: string): AdminClient {
  const trust = ca === undefined ? {} : { dispatcher: new Agent({ connect: { ca: [...rootCertificates, ca] } }) };
  return async (method, path, body) => {
    let answer: Response;
    try {
      answer = await fetch(url.replace(/\/$/, '') + path, {
        method,
        ...trust,
        headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      const cause = (error as Error).cause as (Error & { code?: string }) | undefined;
      const hint = UNTRUSTED.includes(cause?.code ?? '') ? ' (OPENWHISK_ADMIN_CA names a file with the authority to trust)' : '';
      throw new Error(`The admin API at ${url} does not answer: ${cause?.message ?? error}${hint}.`);
    }
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? undefined : JSON.parse(text) };
  };
}

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { OperationContext } from '../resources/resourceModel';

/** Part of the platform that a step of the way goes through. */
export type Link = 'nginx' | 'controller' | 'invoker' | 'couchdb';

/** The way from the edge to a record is broken somewhere. */
export class PlatformBroken extends Error {
  override readonly name = 'PlatformBroken';
}

/** ms the platform may take until an invoker has proved itself and the first action answers. */
const PATIENCE_MS = 90_000;
const RECORD_PATIENCE_MS = 20_000;
const POLL_MS = 500;

/** Source of the action in a family of kinds. */
const CODE: Readonly<Record<string, string>> = {
  nodejs: 'function main({ sent }) { return { sent }; }',
  python: 'def main(args):\n  return {"sent": args["sent"]}\n',
  go: 'package main\n\nfunc Main(args map[string]any) map[string]any {\n\treturn map[string]any{"sent": args["sent"]}\n}\n',
  // what it is sent comes as JSON, which is what it has to answer
  native: '#!/bin/sh\ncat\n',
};

/** The first of these kinds that an action to prove the platform with is known for; empty when there is none. */
export function provingKind(kinds: readonly string[]): string {
  return kinds.find((kind) => Object.hasOwn(CODE, familyOf(kind))) ?? '';
}

function familyOf(kind: string): string {
  return kind.split(':')[0]!;
}

interface Answer {
  status: number;
  body: string;
}

/** What is proved, and where it is looked when it is not. */
export interface ProvedWay {
  /** Base addresses of the API and of the admin API. */
  apiHost: string;
  adminUrl: string;
  adminKey: string;
  /** Of the action that runs; empty when none of the kinds there are is known. */
  kind: string;
  /** What the part of the platform that a link ends at is called, and what it said last; empty when it said nothing. */
  lastWords(link: Link): Promise<{ part: string; log: string }>;
}

/**
 * Proof that a platform works as a whole: an action in a namespace of its own runs through nginx, controller, Kafka, an invoker and a
 * container, and its record is found in the database. All of it is removed afterwards. Throws PlatformBroken.
 */
export class Proof {
  private readonly namespace = `health-${randomBytes(6).toString('hex')}`;
  // what is proved is the way, not the certificate, whose name need not be this address
  private readonly agent = new Agent({ connect: { rejectUnauthorized: false }, headersTimeout: 70_000 });
  private readonly end: number;

  constructor(
    private readonly way: ProvedWay,
    private readonly context: OperationContext,
  ) {
    this.end = Math.min(context.deadline, performance.now() + PATIENCE_MS);
  }

  async run(): Promise<void> {
    const adminNamespace = `${this.way.adminUrl}/v1/namespaces/${this.namespace}`;
    const adminKey = { authorization: `Bearer ${this.way.adminKey}` };
    try {
      this.say('asking nginx and a controller');
      await this.until(
        'nginx',
        () => this.call('GET', `${this.way.apiHost}/ping`, {}),
        (answer) => answer.status === 200,
      );
      this.say('making a namespace');
      const made = await this.until('couchdb', () => this.call('PUT', adminNamespace, adminKey, {}), succeeded);
      const { auth } = JSON.parse(made.body) as { auth: string };
      try {
        if (this.way.kind === '')
          this.context.log(
            'warning',
            'That actions run is not proved: of the kinds there are, none is of a family that an action is known for.',
          );
        else await this.invoke({ authorization: `Basic ${Buffer.from(auth).toString('base64')}` });
      } finally {
        await this.call('DELETE', `${adminNamespace}?force=true`, adminKey).catch(() => undefined);
      }
    } finally {
      await this.agent.destroy();
    }
  }

  private async invoke(key: Record<string, string>): Promise<void> {
    const api = `${this.way.apiHost}/api/v1/namespaces/_`;
    const kind = this.way.kind;
    const code = CODE[familyOf(kind)]!;
    this.say('storing an action');
    await this.until('couchdb', () => this.call('PUT', `${api}/actions/health?overwrite=true`, key, { exec: { kind, code } }), succeeded);
    this.say('waiting for an invoker to run it');
    const sent = this.namespace;
    const ran = await this.until(
      'invoker',
      () => this.call('POST', `${api}/actions/health?blocking=true`, key, { sent }),
      (answer) => answer.status === 200,
    );
    const { activationId, response } = JSON.parse(ran.body) as { activationId: string; response: { result?: { sent?: string } } };
    if (response.result?.sent !== sent) throw await this.broken('invoker', `the action answered ${ran.body}`);
    this.say('looking for its record');
    await this.until('couchdb', () => this.call('GET', `${api}/activations/${activationId}`, key), succeeded, RECORD_PATIENCE_MS);
  }

  /** Asks until the answer is right; what link is broken when it never is, the answer may tell better than the step. */
  private async until(link: Link, ask: () => Promise<Answer>, right: (answer: Answer) => boolean, patience = PATIENCE_MS): Promise<Answer> {
    const end = Math.min(this.end, performance.now() + patience);
    for (;;) {
      let seen: { link: Link; what: string };
      try {
        const answer = await ask();
        if (right(answer)) return answer;
        // nginx's own words: an action that fails has the same status
        const gateway = answer.body.includes('No controller answered') || (answer.status >= 502 && answer.body.includes('<html>'));
        seen = { link: gateway ? 'controller' : link, what: `the answer was ${answer.status}: ${answer.body.trim().slice(0, 300)}` };
        // no time makes a refusal right
        if (answer.status === 401 || answer.status === 400 || answer.status === 403) throw await this.broken(seen.link, seen.what);
      } catch (error) {
        if (error instanceof PlatformBroken) throw error;
        seen = { link: 'nginx', what: (error as Error).message };
      }
      if (performance.now() >= end || this.context.signal.aborted) throw await this.broken(seen.link, seen.what);
      await sleep(POLL_MS, undefined, { signal: this.context.signal }).catch(() => undefined);
    }
  }

  private async broken(link: Link, what: string): Promise<PlatformBroken> {
    const names: Record<Link, string> = {
      nginx: 'from the host to nginx',
      controller: 'from nginx to a controller',
      couchdb: 'from a controller or invoker to CouchDB',
      invoker: 'from a controller over Kafka to an invoker and its containers',
    };
    const { part, log: said } = await this.way.lastWords(link);
    const tail = said.trim();
    const log =
      tail === ''
        ? ''
        : ` The end of the log of ${part}:\n${tail
            .split('\n')
            .map((line) => `  ${line}`)
            .join('\n')}`;
    return new PlatformBroken(
      `The platform is up, but an action does not get through it: the way ${names[link]} is broken (${what}).${log}`,
    );
  }

  private async call(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    url: string,
    headers: Record<string, string>,
    body?: object,
  ): Promise<Answer> {
    const answer = await request(url, {
      method,
      dispatcher: this.agent,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: this.context.signal,
    });
    return { status: answer.statusCode, body: await answer.body.text() };
  }

  private say(what: string): void {
    this.context.log('info', `proving that the platform works: ${what}`, { status: true });
  }
}

function succeeded({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

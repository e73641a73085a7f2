import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { Changes } from '../../resources/changes';
import { checkShape, text, withoutNulls } from '../../resources/inputCheck';
import type { OperationContext, ResourceModel } from '../../resources/resourceModel';
import type { ValueMap } from '../../resources/values';
import { DockerEngine } from './dockerEngine';

const PROPERTIES = {
  apiHost: 'string',
  adminUrl: 'string',
  adminKey: 'string',
  kind: 'string',
  platform: 'string',
  engine: 'string',
  revision: 'string',
} as const;

/** Part of the platform that a step of the way goes through, as the name of its container. */
type Link = 'nginx' | 'controller0' | 'invoker0' | 'couchdb';

/** The way from the edge to a record is broken somewhere. */
export class PlatformBroken extends Error {
  override readonly name = 'PlatformBroken';
}

/** ms the platform may take until an invoker has proved itself and the first action answers. */
const PATIENCE_MS = 90_000;
const RECORD_PATIENCE_MS = 20_000;
const POLL_MS = 500;
const LOG_LINES = 20;

/** Source of the action in a family of kinds. */
const CODE: Readonly<Record<string, string>> = {
  nodejs: 'function main({ sent }) { return { sent }; }',
  python: 'def main(args):\n  return {"sent": args["sent"]}\n',
  go: 'package main\n\nfunc Main(args map[string]any) map[string]any {\n\treturn map[string]any{"sent": args["sent"]}\n}\n',
  // what it is sent comes as JSON, which is what it has to answer
  native: '#!/bin/sh\ncat\n',
};

/**
 * Proof that the platform works as a whole: an action in a namespace of its own runs through nginx, controller, Kafka, an invoker and a
 * container, and its record is found in the database. All of it is removed afterwards. Proved again when a part of the platform changed.
 */
export const healthActionModel: ResourceModel = {
  secretOutputs: ['adminKey'],
  identity: [],

  async check(req) {
    const inputs: ValueMap = withoutNulls(req.inputs);
    return { inputs, failures: checkShape(inputs, PROPERTIES) };
  },

  async diff({ oldInputs, inputs, ignored }) {
    const changes = new Changes(ignored);
    for (const property of ['apiHost', 'adminUrl', 'kind', 'platform', 'revision'])
      changes.value(property, oldInputs[property], inputs[property]);
    return { changes: changes.list };
  },

  async predict(inputs, old) {
    return { id: old?.id ?? '', outputs: { ...inputs } };
  },

  async create(inputs, context) {
    await new Proof(inputs, context).run();
    return { id: text(inputs.platform)!, outputs: { ...inputs } };
  },

  async read({ id, oldInputs, oldOutputs }) {
    if (oldInputs === undefined || oldOutputs === undefined) throw new Error('The proof that a platform works cannot be imported.');
    return { id, inputs: oldInputs, outputs: oldOutputs };
  },

  async update({ inputs }, context) {
    await new Proof(inputs, context).run();
    return { ...inputs };
  },

  async delete() {
    // Nothing of it is left when it has run.
  },
};

interface Answer {
  status: number;
  body: string;
}

class Proof {
  private readonly namespace = `health-${randomBytes(6).toString('hex')}`;
  // what is proved is the way, not the certificate, whose name need not be this address
  private readonly agent = new Agent({ connect: { rejectUnauthorized: false }, headersTimeout: 70_000 });
  private readonly end: number;

  constructor(
    private readonly inputs: ValueMap,
    private readonly context: OperationContext,
  ) {
    this.end = Math.min(context.deadline, performance.now() + PATIENCE_MS);
  }

  async run(): Promise<void> {
    const adminNamespace = `${text(this.inputs.adminUrl)}/v1/namespaces/${this.namespace}`;
    const adminKey = { authorization: `Bearer ${text(this.inputs.adminKey)}` };
    try {
      this.say('asking nginx and a controller');
      await this.until(
        'nginx',
        () => this.call('GET', `${text(this.inputs.apiHost)}/ping`, {}),
        (answer) => answer.status === 200,
      );
      this.say('making a namespace');
      const made = await this.until('couchdb', () => this.call('PUT', adminNamespace, adminKey, {}), succeeded);
      const { auth } = JSON.parse(made.body) as { auth: string };
      try {
        await this.invoke({ authorization: `Basic ${Buffer.from(auth).toString('base64')}` });
      } finally {
        await this.call('DELETE', `${adminNamespace}?force=true`, adminKey).catch(() => undefined);
      }
    } finally {
      await this.agent.destroy();
    }
  }

  private async invoke(key: Record<string, string>): Promise<void> {
    const api = `${text(this.inputs.apiHost)}/api/v1/namespaces/_`;
    const kind = text(this.inputs.kind)!;
    const code = CODE[kind.split(':')[0]!]!;
    this.say('storing an action');
    await this.until('couchdb', () => this.call('PUT', `${api}/actions/health?overwrite=true`, key, { exec: { kind, code } }), succeeded);
    this.say('waiting for an invoker to run it');
    const sent = this.namespace;
    const ran = await this.until(
      'invoker0',
      () => this.call('POST', `${api}/actions/health?blocking=true`, key, { sent }),
      (answer) => answer.status === 200,
    );
    const { activationId, response } = JSON.parse(ran.body) as { activationId: string; response: { result?: { sent?: string } } };
    if (response.result?.sent !== sent) throw await this.broken('invoker0', `the action answered ${ran.body}`);
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
        seen = { link: gateway ? 'controller0' : link, what: `the answer was ${answer.status}: ${answer.body.trim().slice(0, 300)}` };
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
      controller0: 'from nginx to a controller',
      couchdb: 'from a controller or invoker to CouchDB',
      invoker0: 'from a controller over Kafka to an invoker and its containers',
    };
    const container = `${text(this.inputs.platform)}-${link}`;
    const tail = (await new DockerEngine(text(this.inputs.engine)).logTail(container, LOG_LINES)).trim();
    const log =
      tail === ''
        ? ''
        : ` The end of the log of ${container}:\n${tail
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

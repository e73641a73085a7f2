import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '../httpCall';
import { freePort } from '../platformProcess';
import { ControlledProcess } from './controlledProcess';

/** A server that speaks CouchDB's protocol, with durable data of its own, or the one that OPENWHISK_TEST_COUCHDB (`http://user:password@host:port`) names. */
export interface CouchServer {
  /** `http://host:port` */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Undefined for a server that is not ours: it can't be killed, paused or started again. */
  readonly process: ControlledProcess | undefined;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

/** Starts a server and resolves when it answers. Throws with the reason when none is to be had. */
export async function startCouchServer(host = '127.0.0.1'): Promise<CouchServer> {
  const external = process.env.OPENWHISK_TEST_COUCHDB;
  if (external) return externalServer(external);
  const folder = mkdtempSync(join(tmpdir(), 'couch-'));
  const url = `http://${host}:${await freePort()}`;
  const [username, password] = ['whisk', randomBytes(12).toString('hex')];
  const server = new ControlledProcess({
    name: 'The CouchDB-protocol server',
    command: process.execPath,
    args: [join(__dirname, 'couchProgram.mjs'), folder, new URL(url).port, host],
    env: { PATH: process.env.PATH, COUCHDB_USER: username, COUCHDB_PASSWORD: password },
    ready: async () => (await call(`${url}/`, { timeout: 2000 })).status === 200,
  });
  await server.run();
  const close = async () => {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, username, password, process: server, close };
}

async function externalServer(address: string): Promise<CouchServer> {
  const { origin, username, password } = new URL(address);
  const answer = await call(`${origin}/`).catch((error: Error) => error);
  if (answer instanceof Error || answer.status !== 200) {
    throw new Error(`The server of OPENWHISK_TEST_COUCHDB (${origin}) does not answer.`);
  }
  return {
    url: origin,
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    process: undefined,
    close: async () => {},
  };
}

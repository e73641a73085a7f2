import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, type HttpAnswer } from './httpCall';

const program = join(__dirname, '../platform/dist/main/standalone.js');

/** Below the ports that machines give to outgoing connections, one of which may take a free port before it is used. */
const portsFrom = 10_000;
const portsTo = 30_000;
// processes that test at the same time begin at different places, far apart though their numbers are not
let nextPort = portsFrom + ((process.pid * 2003) % (portsTo - portsFrom));

/** A port of 127.0.0.1 on which nobody listens; another one each time. */
export async function freePort(): Promise<number> {
  for (let tried = portsFrom; tried < portsTo; tried++) {
    const port = nextPort;
    nextPort = port + 1 < portsTo ? port + 1 : portsFrom;
    if (await isFree(port)) return port;
  }
  throw new Error(`There is no free port from ${portsFrom} to ${portsTo}.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

export interface NamespaceKey {
  namespace: string;
  auth: string;
}

/** A real standalone platform on free ports over a data directory of its own. */
export class PlatformProcess {
  child!: ChildProcess;
  output = '';
  readonly adminKey = randomBytes(24).toString('hex');
  readonly dataDir = mkdtempSync(join(tmpdir(), 'platform-'));

  private constructor(
    readonly port: number,
    readonly adminPort: number,
    private readonly environment: Record<string, string>,
  ) {}

  /** `environment` adds to settings made for tests: rates that do not get in the way. */
  static async start(environment: Record<string, string> = {}): Promise<PlatformProcess> {
    const platform = new PlatformProcess(await freePort(), await freePort(), environment);
    await platform.run();
    return platform;
  }

  get apiHost(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts the process and waits until it is ready; also after `kill`. */
  async run(): Promise<void> {
    this.child = spawn(process.execPath, [program], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        OPENWHISK_API_PORT: String(this.port),
        OPENWHISK_ADMIN_PORT: String(this.adminPort),
        OPENWHISK_ADMIN_KEY: this.adminKey,
        OPENWHISK_DATA_DIR: this.dataDir,
        LIMITS_ACTIONS_INVOKES_PERMINUTE: '1000000',
        LIMITS_ACTIONS_INVOKES_CONCURRENT: '1000',
        LIMITS_TRIGGERS_FIRES_PERMINUTE: '1000000',
        ...this.environment,
      },
    });
    const keep = (chunk: Buffer) => {
      this.output = (this.output + chunk.toString()).slice(-100_000);
    };
    this.child.stdout!.on('data', keep);
    this.child.stderr!.on('data', keep);
    for (const end = Date.now() + 60_000; Date.now() < end; ) {
      if (this.child.exitCode !== null) throw new Error(`The platform ended at once: ${this.output}`);
      const answer = await call(`http://127.0.0.1:${this.adminPort}/health`).catch(() => undefined);
      if (answer?.status === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`The platform did not come up: ${this.output}`);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill('SIGTERM');
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  admin(method: string, path: string, json?: unknown): Promise<HttpAnswer> {
    const body = json === undefined ? {} : { json };
    return call(`http://127.0.0.1:${this.adminPort}${path}`, { method, headers: { authorization: `Bearer ${this.adminKey}` }, ...body });
  }

  async namespace(name: string, limits: object = {}): Promise<NamespaceKey> {
    const { json } = await this.admin('PUT', `/v1/namespaces/${name}`, { limits });
    return json as NamespaceKey;
  }

  /** A call under `/api/v1/namespaces/_/`. */
  api(auth: string, method: string, path: string, json?: unknown): Promise<HttpAnswer> {
    const body = json === undefined ? {} : { json };
    return call(`${this.apiHost}/api/v1/namespaces/_/${path}`, { method, headers: { authorization: basic(auth) }, ...body });
  }
}

export function basic(auth: string): string {
  return `Basic ${Buffer.from(auth).toString('base64')}`;
}

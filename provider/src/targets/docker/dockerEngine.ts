import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client } from 'undici';

const run = promisify(execFile);
const REQUEST_TIMEOUT_MS = 15_000;
/** Bytes of a log that are read at most. */
const LOG_LIMIT = 64 * 1024;
const DEFAULT_ADDRESS = 'unix:///var/run/docker.sock';

/** What a container does, as far as waiting for it needs to know. */
export interface ContainerState {
  running: boolean;
  /** Absent when it has no health check. */
  health?: 'starting' | 'healthy' | 'unhealthy';
  exitCode: number;
  /** How often the engine has started it again. */
  restarts: number;
  outOfMemory: boolean;
  /** What the last health check printed. */
  lastCheck: string;
}

/** The engine does not answer. */
export class EngineUnreachable extends Error {
  override readonly name = 'EngineUnreachable';
  constructor(address: string, cause: unknown) {
    super(
      `The Docker engine at ${address} cannot be reached (${(cause as Error).message}); start it, or name the right one in docker.engine or DOCKER_HOST.`,
      { cause },
    );
  }
}

/**
 * Looks at containers of an engine. Plain addresses are asked over HTTP; for others (`ssh://`, TLS) the docker command is used, which knows
 * their keys.
 */
export class DockerEngine {
  private readonly address: string;

  constructor(address: string | undefined, env: NodeJS.ProcessEnv = process.env) {
    this.address = address || env.DOCKER_HOST || DEFAULT_ADDRESS;
  }

  /** `undefined` when there is no such container. */
  async state(container: string): Promise<ContainerState | undefined> {
    const text = this.isPlain
      ? await this.get(`/containers/${encodeURIComponent(container)}/json`)
      : await this.command('inspect', container);
    if (text === undefined) return undefined;
    const parsed: unknown = JSON.parse(text);
    const { State, RestartCount } = (Array.isArray(parsed) ? parsed[0] : parsed) as { State: InspectedState; RestartCount: number };
    return {
      // between two starts the engine calls it running
      running: State.Running && !State.Restarting,
      ...(State.Health === undefined || State.Health.Status === 'none' ? {} : { health: State.Health.Status }),
      exitCode: State.ExitCode,
      restarts: RestartCount,
      outOfMemory: State.OOMKilled,
      lastCheck: State.Health?.Log?.at(-1)?.Output.trim() ?? '',
    };
  }

  /** The last lines of its output; empty when they can't be had. */
  async logTail(container: string, lines: number): Promise<string> {
    try {
      if (!this.isPlain) {
        const { stdout, stderr } = await run('docker', ['-H', this.address, 'logs', '--tail', String(lines), container], {
          maxBuffer: 1 << 20,
        });
        return `${stdout}${stderr}`.slice(-LOG_LIMIT);
      }
      const query = `stdout=1&stderr=1&tail=${lines}`;
      const raw = await this.bytes(`/containers/${encodeURIComponent(container)}/logs?${query}`);
      return raw === undefined ? '' : framedText(raw).slice(-LOG_LIMIT);
    } catch {
      return '';
    }
  }

  private get isPlain(): boolean {
    return /^(unix|tcp|http):\/\//.test(this.address) && !process.env.DOCKER_TLS_VERIFY;
  }

  private async get(path: string): Promise<string | undefined> {
    return (await this.bytes(path))?.toString('utf8');
  }

  private async bytes(path: string): Promise<Buffer | undefined> {
    const unix = /^unix:\/\/(.+)$/.exec(this.address)?.[1];
    const client =
      unix === undefined ? new Client(this.address.replace(/^tcp:/, 'http:')) : new Client('http://docker', { socketPath: unix });
    try {
      const answer = await client.request({ method: 'GET', path, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
      const body = Buffer.from(await answer.body.arrayBuffer());
      if (answer.statusCode === 404) return undefined;
      if (answer.statusCode !== 200) throw new Error(`it answered ${answer.statusCode}: ${body.toString('utf8').trim()}`);
      return body;
    } catch (error) {
      throw new EngineUnreachable(this.address, error);
    } finally {
      await client.destroy();
    }
  }

  private async command(...args: string[]): Promise<string | undefined> {
    try {
      return (await run('docker', ['-H', this.address, ...args], { maxBuffer: 16 << 20 })).stdout;
    } catch (error) {
      if (/no such (object|container)/i.test((error as { stderr?: string }).stderr ?? '')) return undefined;
      throw new EngineUnreachable(this.address, error);
    }
  }
}

interface InspectedState {
  Running: boolean;
  Restarting: boolean;
  ExitCode: number;
  OOMKilled: boolean;
  Health?: { Status: 'none' | 'starting' | 'healthy' | 'unhealthy'; Log?: { Output: string }[] };
}

/** Output of a container without a terminal comes in frames: a byte for the stream, three of nothing, four for the length. */
function framedText(raw: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= raw.length; ) {
    const length = raw.readUInt32BE(at + 4);
    parts.push(raw.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString('utf8');
}

import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineDiskFull, EngineUnreachable, isDiskFull, unreachableReason } from './engineErrors';
import { type EngineSettings, type EngineTarget, engineAddress, engineTarget } from './engineSettings';
import { roomArchive } from './roomArchive';
import { SshConnection, type SshTarget } from './sshConnection';

const REQUEST_TIMEOUT_MS = 15_000;
/** ms until what is written to the engine's disk is there. */
const WRITE_TIMEOUT_MS = 120_000;
const EXEC_POLL_MS = 50;
/** Marks what is put on an engine to see whether it fits, and ms after which nobody is at it any more. */
const PROBE_LABEL = 'openwhisk.room';
const FORGOTTEN_MS = 15 * 60_000;
/** Bytes of a log that are read at most. */
const LOG_LIMIT = 64 * 1024;

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

interface Answer {
  status: number;
  body: Buffer;
}

/** An engine, over its socket, over TCP with or without TLS, or over ssh. Keeps its connection until it is closed. */
export class DockerEngine {
  readonly address: string;
  private target: EngineTarget | undefined;
  private agent: http.Agent | undefined;

  constructor(
    private readonly settings: EngineSettings,
    private readonly env: NodeJS.ProcessEnv = process.env,
  ) {
    this.address = engineAddress(settings, env);
  }

  /** Throws `EngineUnreachable` when it does not answer. */
  async check(): Promise<void> {
    expectStatus(this.address, await this.ask('GET', '/version'), 200);
  }

  /**
   * Whether images of so many megabytes still fit. No engine tells how full its disk is, so that much is put on it for a moment. Throws
   * `EngineDiskFull`.
   */
  async checkRoom(megabytes: number): Promise<void> {
    await this.removeForgottenProbes();
    const { body } = await this.ask(
      'POST',
      `/images/create?fromSrc=-&changes=${encodeURIComponent(`LABEL ${PROBE_LABEL}=probe`)}`,
      roomArchive(megabytes),
    );
    const said = body.toString('utf8');
    const image = /"status":"(sha256:[0-9a-f]{64})"/.exec(said)?.[1];
    if (image !== undefined) await this.ask('DELETE', `/images/${image}`);
    // an engine may refuse images from nowhere, which says nothing about room
    else if (isDiskFull(said)) throw new EngineDiskFull(this.address, megabytes);
  }

  /** Those of checks that were killed in between; one that is young may be under way. */
  private async removeForgottenProbes(): Promise<void> {
    const filters = encodeURIComponent(JSON.stringify({ label: [PROBE_LABEL] }));
    const { status, body } = await this.ask('GET', `/images/json?filters=${filters}`);
    if (status !== 200) return;
    const found = JSON.parse(body.toString('utf8')) as { Id: string; Created: number }[];
    const old = found.filter(({ Created }) => Created * 1000 < Date.now() - FORGOTTEN_MS);
    for (const { Id } of old) await this.ask('DELETE', `/images/${Id}`);
  }

  /** `undefined` when there is no such container. */
  async state(container: string): Promise<ContainerState | undefined> {
    const answer = await this.ask('GET', `/containers/${encodeURIComponent(container)}/json`);
    if (answer.status === 404) return undefined;
    const { State, RestartCount } = JSON.parse(expectStatus(this.address, answer, 200)) as { State: InspectedState; RestartCount: number };
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

  /** Whether a command in a running container ends well, and in time (ms). False when the container is not there to run it. */
  async succeeds(container: string, command: readonly string[], patience: number): Promise<boolean> {
    const made = await this.tell(`/containers/${encodeURIComponent(container)}/exec`, { Cmd: command });
    if (made.status !== 201) return false;
    const path = `/exec/${(JSON.parse(made.body.toString('utf8')) as { Id: string }).Id}`;
    if ((await this.tell(`${path}/start`, { Detach: true })).status !== 200) return false;
    for (const end = performance.now() + patience; performance.now() < end; await sleep(EXEC_POLL_MS)) {
      const { status, body } = await this.ask('GET', `${path}/json`);
      if (status !== 200) return false;
      const { Running, ExitCode } = JSON.parse(body.toString('utf8')) as { Running: boolean; ExitCode: number | null };
      if (!Running) return ExitCode === 0;
    }
    return false;
  }

  /** The last lines of its output; empty when they can't be had. */
  async logTail(container: string, lines: number): Promise<string> {
    try {
      const { status, body } = await this.ask('GET', `/containers/${encodeURIComponent(container)}/logs?stdout=1&stderr=1&tail=${lines}`);
      return status === 200 ? framedText(body).slice(-LOG_LIMIT) : '';
    } catch {
      return '';
    }
  }

  close(): void {
    this.agent?.destroy();
    this.agent = undefined;
  }

  private tell(path: string, body: object): Promise<Answer> {
    return this.ask('POST', path, JSON.stringify(body));
  }

  private async ask(method: string, path: string, body?: Readable | string): Promise<Answer> {
    try {
      const first = this.send(method, path, body);
      // a kept connection may have been closed by the other side
      return await first.catch((error) =>
        error instanceof StaleConnection && isRepeatable(body) ? this.send(method, path, body) : Promise.reject(error),
      );
    } catch (error) {
      if (error instanceof EngineUnreachable) throw error;
      throw new EngineUnreachable(this.address, unreachableReason(error), error);
    } finally {
      if (typeof body === 'object') body.destroy();
    }
  }

  private send(method: string, path: string, body?: Readable | string): Promise<Answer> {
    this.target ??= engineTarget(this.settings, this.env);
    const { target } = this;
    this.agent ??= agentOf(target);
    const { agent } = this;
    const archive = typeof body === 'object';
    const options = { method, path, agent, headers: {}, signal: AbortSignal.timeout(archive ? WRITE_TIMEOUT_MS : REQUEST_TIMEOUT_MS) };
    if (body) options.headers = { 'content-type': archive ? 'application/octet-stream' : 'application/json' };
    return new Promise((resolve, reject) => {
      const place = placeOf(target);
      const secure = target.scheme === 'tcp' && target.certificate !== undefined;
      const request = (secure ? https : http).request({ ...options, ...place }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(chunks) }));
        response.once('error', reject);
      });
      request.once('error', (error) => reject(request.reusedSocket ? new StaleConnection(error.message) : inTime(error)));
      if (typeof body === 'object') body.pipe(request);
      else request.end(body);
    });
  }
}

class StaleConnection extends Error {}

/** A stream has been read when the connection turns out to be stale. */
function isRepeatable(body: Readable | string | undefined): boolean {
  return typeof body !== 'object';
}

function inTime(error: Error): Error {
  return error.name === 'AbortError' || error.name === 'TimeoutError' ? new Error('there is no answer in time') : error;
}

function placeOf(target: EngineTarget): http.RequestOptions {
  if (target.scheme === 'unix') return { socketPath: target.path, host: 'docker' };
  if (target.scheme === 'ssh') return { host: 'docker' };
  return { host: target.host, port: target.port, ...target.certificate };
}

function agentOf(target: EngineTarget): http.Agent {
  const options = { keepAlive: true, maxSockets: 1 };
  if (target.scheme === 'ssh') return new SshAgent(target, options);
  return target.scheme === 'tcp' && target.certificate ? new https.Agent(options) : new http.Agent(options);
}

class SshAgent extends http.Agent {
  constructor(
    private readonly target: SshTarget,
    options: http.AgentOptions,
  ) {
    super(options);
  }

  override createConnection(): SshConnection {
    return new SshConnection(this.target);
  }
}

function expectStatus(address: string, { status, body }: Answer, wanted: number): string {
  const text = body.toString('utf8').trim();
  if (status === wanted) return text;
  const reason = text.includes('HTTP request to an HTTPS server')
    ? 'it speaks TLS; give docker.engineAccess what to enter it with, or set DOCKER_CERT_PATH'
    : `it answered ${status}: ${text.slice(0, 300)}`;
  throw new EngineUnreachable(address, reason);
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

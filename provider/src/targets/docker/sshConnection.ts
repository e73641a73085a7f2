import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { SshEnded } from './engineErrors';

export interface SshTarget {
  host: string;
  port?: number;
  user?: string;
  /** Words of the command, which come before ours and so win. */
  options: readonly string[];
}

/** Bytes kept of what ssh prints. */
const SAID_LIMIT = 4096;
/** Nobody is there whom it could ask; it has to give up before a request to the engine does. */
const DEFAULTS = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10'];

/** A connection to the engine of another host, as the docker command makes one: its socket is served by a command there. Fails with `SshEnded`. */
export class SshConnection extends Duplex {
  private readonly child: ChildProcessWithoutNullStreams;
  private said = '';

  constructor({ host, port, user, options }: SshTarget) {
    super();
    const place = [...(user === undefined ? [] : ['-l', user]), ...(port === undefined ? [] : ['-p', String(port)])];
    this.child = spawn('ssh', [...options, ...DEFAULTS, '-T', ...place, '--', host, 'docker', 'system', 'dial-stdio']);
    const { stdin, stdout, stderr } = this.child;
    // why it broke is told when the command has ended
    stdin.on('error', () => undefined);
    stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.said = `${this.said}${text}`.slice(-SAID_LIMIT);
    });
    this.child.once('error', (error) => this.destroy(error));
    this.child.once('close', (code) => {
      if (code === 0) this.push(null);
      else this.destroy(new SshEnded(code, this.said.trim()));
    });
  }

  override _read(): void {
    this.child.stdout.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: () => void): void {
    this.child.stdin.write(chunk, encoding, () => done());
  }

  override _final(done: () => void): void {
    this.child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.child.kill();
    done(error);
  }

  // what an agent of node:http asks of a socket it keeps
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

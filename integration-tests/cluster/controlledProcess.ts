import { type ChildProcess, spawn } from 'node:child_process';

export interface ProcessStart {
  /** What it is called in errors. */
  name: string;
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Tells whether it serves; asked again until it does. Throws or false = not yet. */
  ready: () => Promise<boolean>;
  /** ms until a start has failed; default 60 s. */
  within?: number;
}

const running = new Set<ChildProcess>();
// a test that dies leaves nobody behind
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A process of a test cluster: started, killed, paused and started again, always as the same one with the same data. */
export class ControlledProcess {
  private child: ChildProcess | undefined;
  private said = '';

  constructor(private readonly start: ProcessStart) {}

  get pid(): number {
    return this.child!.pid!;
  }

  /** The end of what it wrote. */
  get output(): string {
    return this.said;
  }

  get alive(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Starts it and resolves when it serves. Throws with its last words when it ends instead, or takes too long. */
  async run(): Promise<void> {
    const { name, command, args, env, ready, within = 60_000 } = this.start;
    if (this.alive) throw new Error(`${name} is running already.`);
    const child = spawn(command, [...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    running.add(child);
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    child.once('exit', () => running.delete(child));
    const keep = (chunk: Buffer) => {
      this.said = (this.said + chunk.toString()).slice(-50_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const deadline = Date.now() + within;
    while (Date.now() < deadline) {
      if (failure !== undefined) throw new Error(`${name} could not be started: ${failure.message}`);
      if (!this.alive) throw new Error(`${name} ended at once: ${this.said}`);
      if (await ready().catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await this.kill();
    throw new Error(`${name} did not serve within ${within} ms: ${this.said}`);
  }

  /** Ends it and resolves when it is gone. SIGTERM for an orderly stop. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (child === undefined || !this.alive) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    // one that is paused hears nothing but SIGKILL
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    await ended;
  }

  /** Stops the world for it; its connections stay open. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { repositoryRoot } from './repository';
import { UserError } from './userError';

export interface CommandOptions {
  /** Default: the repository. */
  readonly cwd?: string;
  /** Default: this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /**
   * 'show': on the user's terminal. 'progress': the same, with stdout moved to stderr. 'quiet' (default): collected. 'later': collected, by
   * a command that deals with signals itself, like one on the terminal.
   */
  readonly output?: 'show' | 'progress' | 'quiet' | 'later';
  /** Unix niceness for work that should give way to everything else, such as a long build. Default 0. */
  readonly niceness?: number;
  /** Called with each line that a quiet command writes to stderr. */
  readonly onErrorLine?: (line: string) => void;
  /** The command is killed after this many milliseconds. Default: never. */
  readonly timeoutMs?: number;
  /** A quiet command's output is cut to its last part at this size, in characters. Default: 8 million. */
  readonly maxCollected?: number;
  /** What a quiet command reads from stdin. Default: nothing. */
  readonly input?: string;
}

export interface CommandResult {
  /** Exit code; 128 and more when a signal ended the command. */
  readonly code: number;
  /** What it wrote; empty unless it was collected. */
  readonly stdout: string;
  readonly stderr: string;
}

const MAX_COLLECTED = 8 * 1024 * 1024;

function collector(max: number, onLine?: (line: string) => void): { add(added: string): void; text(): string } {
  let text = '';
  let rest = '';
  return {
    add(added) {
      text = (text + added).slice(-max);
      if (onLine === undefined) return;
      const lines = (rest + added).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    },
    text: () => text,
  };
}

/**
 * While a command is on the user's terminal, Ctrl-C is for the command: it may have to put things in order first, as an update of Pulumi
 * has. The terminal sends it the signal by itself; a SIGTERM is passed on.
 */
function leaveSignalsTo(child: ChildProcess): () => void {
  const wait = () => {};
  const passOn = () => void child.kill('SIGTERM');
  process.on('SIGINT', wait);
  process.on('SIGTERM', passOn);
  return () => {
    process.off('SIGINT', wait);
    process.off('SIGTERM', passOn);
  };
}

/**
 * Runs a command to its end, whatever its exit code.
 * @throws UserError when the command does not exist
 */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { output = 'quiet' } = options;
  const streams = {
    show: ['inherit', 'inherit'],
    progress: [process.stderr, 'inherit'],
    quiet: ['pipe', 'pipe'],
    later: ['pipe', 'pipe'],
  } as const;
  const collected = output === 'quiet' || output === 'later';
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], {
      cwd: options.cwd ?? repositoryRoot,
      env: options.env ?? process.env,
      stdio: [!collected ? 'inherit' : options.input === undefined ? 'ignore' : 'pipe', ...streams[output]],
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' as const }),
    });
    if (options.niceness !== undefined && child.pid !== undefined) setPriority(child.pid, options.niceness);
    const release = output === 'quiet' ? () => {} : leaveSignalsTo(child);
    // A command that does not read all of it closes the pipe: its exit code says whether that was right.
    child.stdin?.on('error', () => {}).end(options.input);
    const max = options.maxCollected ?? MAX_COLLECTED;
    const stdout = collector(max);
    const stderr = collector(max, options.onErrorLine);
    // As text from here on: a character may be cut in two by the pipe.
    child.stdout?.setEncoding('utf8').on('data', (added: string) => stdout.add(added));
    child.stderr?.setEncoding('utf8').on('data', (added: string) => stderr.add(added));
    child.once('error', (error) => {
      release();
      reject(new UserError(`${command} could not be started: ${error.message}.`));
    });
    child.once('close', (code, signal) => {
      release();
      const signalNumber = signal === null ? 0 : constants.signals[signal];
      resolve({ code: code ?? 128 + signalNumber, stdout: stdout.text(), stderr: stderr.text() });
    });
  });
}

/** The end of what a command said, for an error message. */
export function tail(result: CommandResult, lines = 20): string {
  return `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-lines).join('\n');
}

/**
 * Runs a command that has to succeed.
 * @throws UserError with the end of what it said when it fails
 */
export async function mustRun(command: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const result = await runCommand(command, args, options);
  if (result.code === 0) return result;
  const said = tail(result);
  throw new UserError(`"${[command, ...args].join(' ')}" ended with ${result.code}${said === '' ? '.' : `:\n${said}`}`);
}

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/** How a child process ended: its exit code, or the signal that ended it. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<ChildProcess>();

/**
 * Starts a process, hands it to `attach` (to read its streams) and resolves when it has ended.
 * @param signal ends the process when the engine cancels the call
 * @throws the spawn error when the command does not exist
 */
export function runChild(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  signal: AbortSignal,
  attach: (child: ChildProcess) => void = () => {},
): Promise<ChildExit> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], options);
    running.add(child);
    const end = () => child.kill('SIGTERM');
    signal.addEventListener('abort', end, { once: true });
    attach(child);
    child.once('error', (error) => {
      running.delete(child);
      signal.removeEventListener('abort', end);
      reject(error);
    });
    // 'close' and not 'exit': by then everything the process printed has been handed on.
    child.once('close', (code, endedBy) => {
      running.delete(child);
      signal.removeEventListener('abort', end);
      resolve({ code, signal: endedBy });
    });
  });
}

/** Ends every process that this host started, so that a cancelled update leaves no program behind. */
export function endAllChildren(): void {
  for (const child of running) child.kill('SIGTERM');
}

import { execFile } from 'node:child_process';
import type { RuntimeCommand } from './runtimeCommand';

/** Puts limits around a command: open files as in OpenWhisk's containers, no core dumps, and an end when the platform ends. */
export interface ProcessLimits {
  wrap(command: RuntimeCommand): RuntimeCommand;
}

/**
 * Found once: util-linux has both tools on any Linux. The number of processes is not limited here, because the kernel counts them for the user, who
 * has other programs running; MemoryWatch counts those of one container.
 */
export async function findProcessLimits(): Promise<ProcessLimits> {
  const prefix: string[] = [];
  if (await works('prlimit', ['--nofile=1024:1024', '--core=0', 'true'])) prefix.push('prlimit', '--nofile=1024:1024', '--core=0');
  if (await works('setpriv', ['--pdeathsig', 'KILL', 'true'])) prefix.push('setpriv', '--pdeathsig', 'KILL');
  const [executable, ...args] = prefix;
  if (!executable) return { wrap: (command) => command };
  return { wrap: (command) => ({ ...command, executable, args: [...args, command.executable, ...command.args] }) };
}

function works(command: string, args: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: 5_000 }, (error) => resolve(!error));
  });
}

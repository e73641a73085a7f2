import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * When a process started, in a form that only serves to tell two processes apart that had the same id one after the other.
 * `undefined` when there is no such process (or only its remains).
 */
export function processStartTime(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const stat = procStat(pid);
    return stat === undefined || stat.state === 'Z' || stat.state === 'X' ? undefined : stat.startTime;
  }
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

/**
 * What a session that began with the process `leader` still holds, once the leader itself is gone. The kernel gives a number
 * away again only when no session has it, so these are never somebody else's. Elsewhere than on Linux it is not known.
 */
export function orphansOfSession(leader: number): number[] {
  // What remains of a process until its parent has looked is no process any more.
  if (process.platform !== 'linux' || processStartTime(leader) !== undefined) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== leader && procStat(pid)?.session === leader);
}

interface ProcStat {
  state: string;
  session: number;
  startTime: string;
}

function procStat(pid: number): ProcStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may hold anything, so counting starts after it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0]!, session: Number(fields[3]), startTime: fields[19]! };
}

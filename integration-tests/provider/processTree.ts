import { readdirSync, readFileSync } from 'node:fs';

interface Process {
  pid: number;
  parent: number;
  command: string;
}

function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent), command }];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
}

/** Ids of the processes below this one whose command line holds `text`. */
export function descendants(text: string): number[] {
  const all = processes();
  const ours = new Set([process.pid]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid, parent } of all) {
      if (!ours.has(parent) || ours.has(pid)) continue;
      ours.add(pid);
      grown = true;
    }
  }
  return all.filter(({ pid, command }) => pid !== process.pid && ours.has(pid) && command.includes(text)).map(({ pid }) => pid);
}

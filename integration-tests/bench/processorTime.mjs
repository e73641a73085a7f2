// Processor time by the part of a cluster that used it: the one figure that does not depend on who else is on the machine.
import { readdirSync, readFileSync } from 'node:fs';
import { cpuMs } from './processes.mjs';

/** A snapshot of ms used so far, by part; `until` tells what each part used since. */
export function processorTime(cluster) {
  const before = usedBy(cluster);
  return {
    until: () => {
      const after = usedBy(cluster);
      const used = {};
      for (const [part, processes] of Object.entries(after)) {
        used[part] = 0;
        // a process that began meanwhile used all it has used since then
        for (const [pid, ms] of processes) used[part] += ms - (before[part].get(pid) ?? 0);
      }
      return used;
    },
  };
}

function usedBy({ controllers, invokers, kafka, couch, nginx }) {
  const parents = parentOfEach();
  const pidsOf = (members) => members.map(({ process }) => process.pid);
  const parts = {
    load: [process.pid],
    nginx: [nginx.process.pid, ...below([nginx.process.pid], parents)],
    controllers: pidsOf(controllers),
    broker: kafka.process ? [kafka.process.pid] : [],
    invokers: pidsOf(invokers),
    containers: below(pidsOf(invokers), parents),
    database: couch.process ? [couch.process.pid] : [],
  };
  return Object.fromEntries(Object.entries(parts).map(([part, pids]) => [part, new Map(pids.flatMap(used))]));
}

function used(pid) {
  try {
    return [[pid, cpuMs(pid)]];
  } catch {
    // it has ended
    return [];
  }
}

function below(pids, parents) {
  const found = [];
  for (let layer = new Set(pids); layer.size > 0; ) {
    const next = [...parents].filter(([, parent]) => layer.has(parent)).map(([pid]) => pid);
    found.push(...next);
    layer = new Set(next);
  }
  return found;
}

function parentOfEach() {
  const parents = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      parents.set(Number(pid), Number(parent));
    } catch {
      // it has ended
    }
  }
  return parents;
}

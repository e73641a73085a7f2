/** What an action runs, as stored. `code` is source text, or base64 of an archive when `binary`. */
export type Exec = CodeExec | BlackboxExec | SequenceExec;

export interface CodeExec {
  kind: string;
  code: string;
  binary: boolean;
  main?: string;
}

export interface BlackboxExec {
  kind: 'blackbox';
  image: string;
  binary: boolean;
  code?: string;
  main?: string;
}

export interface SequenceExec {
  kind: 'sequence';
  /** `/ns/[pkg/]name` each. */
  components: string[];
}

export function isSequence(exec: Exec): exec is SequenceExec {
  return exec.kind === 'sequence';
}

/** An action's limits. */
export interface ActionLimits {
  /** ms */
  timeout: number;
  /** MB */
  memory: number;
  /** MB */
  logs: number;
  concurrency: number;
  instances?: number;
}

/** Where a container listens. */
export type ContainerAddress = { socketPath: string } | { host: string; port: number };

export interface ContainerSpec {
  /** Unique among this invoker's containers; letters, digits, `_`. */
  name: string;
  /** Kind of the runtimes manifest, such as `nodejs:20`; `blackbox` for a user's image. */
  kind: string;
  image: string;
  /** MB; the container must not be able to use more. */
  memory: number;
  /** Extra environment, `__OW_API_HOST` among it. */
  environment: Readonly<Record<string, string>>;
}

/** What came back from /init or /run. */
export type ContainerAnswer =
  | { type: 'response'; status: number; body: string /** Set when the body was cut: the true length in bytes. */; truncatedFrom?: number }
  | { type: 'timeout' }
  | { type: 'connectionLost'; outOfMemory: boolean };

export interface LogOptions {
  /** Bytes of log the action may write. */
  limit: number;
  /** Whether the runtime ends its output with the sentinel on both streams. */
  sentinelled: boolean;
}

/** Log lines of one activation, formatted `<time padded to 30> <stream>: <text>`, and whether all of it could be read. */
export interface CollectedLogs {
  lines: string[];
  complete: boolean;
}

/** One live container. The pool owns it; a driver (process, docker, kubernetes) made it. */
export interface Container {
  readonly id: string;
  readonly spec: ContainerSpec;
  init(body: string, timeoutMs: number): Promise<ContainerAnswer>;
  /** `maxResponse` bytes are read; beyond, the answer is cut to `truncation` bytes. */
  run(body: string, timeoutMs: number, maxResponse: number, truncation: number): Promise<ContainerAnswer>;
  /** Lines written since the last call. */
  logs(options: LogOptions): Promise<CollectedLogs>;
  suspend(): Promise<void>;
  resume(): Promise<void>;
  /** Idempotent; never rejects for a container that is gone. */
  destroy(): Promise<void>;
}

/** The container could not be made: `blackbox` when the user's image or command is at fault. */
export class ContainerStartError extends Error {
  constructor(
    message: string,
    readonly fault: 'platform' | 'image',
  ) {
    super(message);
    this.name = 'ContainerStartError';
  }
}

export interface ContainerFactory {
  create(spec: ContainerSpec): Promise<Container>;
  /** Removes what an earlier life of this invoker left behind. */
  removeOrphans(): Promise<void>;
  close(): Promise<void>;
}

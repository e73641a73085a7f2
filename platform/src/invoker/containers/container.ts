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

/** How much of an answer is read. */
export interface ResponseBounds {
  /** Bytes; a longer body is cut. */
  max: number;
  /** Bytes that are left of a body that is cut. */
  truncation: number;
}

/** What came back from /init or /run. */
export type ContainerAnswer =
  | { type: 'response'; status: number; body: string /** Set when the body was cut: the true length in bytes. */; truncatedFrom?: number }
  | { type: 'timeout' }
  | {
      type: 'connectionLost';
      outOfMemory: boolean /** Set when the request never left: it may be sent to another container. */;
      unsent?: true;
    };

export interface LogOptions {
  /** Bytes of log the action may write; 0 = nothing is collected. */
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
  /** `logs` holds from now on, for what /init writes and for every run. */
  init(body: string, timeoutMs: number, bounds: ResponseBounds, logs: LogOptions): Promise<ContainerAnswer>;
  run(body: string, timeoutMs: number, bounds: ResponseBounds): Promise<ContainerAnswer>;
  /**
   * Lines of the oldest activation whose lines were not taken yet; given at once when everything is there. With `failed` the
   * runtime may not have come to its sentinel: what is there soon is all there will be, and a last line says so.
   */
  logs(failed: boolean): CollectedLogs | Promise<CollectedLogs>;
  suspend(): Promise<void>;
  resume(): Promise<void>;
  /** Idempotent; never rejects for a container that is gone. */
  destroy(): Promise<void>;
}

/** The container could not be made: `image` when the user's image or command is at fault. */
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
  /** Begins what makes the first containers start faster; called once, before them. */
  prepare(): Promise<void>;
  close(): Promise<void>;
}

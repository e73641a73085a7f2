export interface ApiErrorDetails {
  transactionId?: string;
  activationId?: string;
  retryAfterMs?: number;
  /** An earlier attempt of the same request lost its connection, so the host may have carried it out unseen. */
  afterLostAttempt?: boolean;
}

/** The API host answered with an error. `message` is the host's own wording. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number,
    message: string,
    /** What was asked, such as `PUT /namespaces/guest/actions/greet`; never carries a credential or a payload. */
    readonly request: string,
    readonly details: ApiErrorDetails = {},
    /** The whole answer. May hold what an action returned, so it is never shown. */
    readonly body?: unknown,
  ) {
    super(message);
  }
}

/** No answer came: the host is down, unreachable, or dropped the connection. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  constructor(
    readonly host: string,
    readonly reason: string,
    options?: ErrorOptions,
    /** Certain that the host never saw the request. */
    readonly unseen: boolean = false,
  ) {
    super(`No connection to ${host}: ${reason}.`, options);
  }
}

/** The operation did not end within the time it was given. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** The operation was cancelled. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  constructor() {
    super('The operation was cancelled.');
  }
}

import { type handleServerStreamingCall, type handleUnaryCall, type ServerErrorResponse, type ServiceError, status } from '@grpc/grpc-js';

/** A failure that the engine shows to the user as it is written. */
export class LanguageHostError extends Error {
  override readonly name = 'LanguageHostError';

  constructor(
    message: string,
    readonly code: status = status.UNKNOWN,
  ) {
    super(message);
  }
}

/** A method that this host leaves to the official one. */
export function unsupported(method: string, instead: string): () => Promise<never> {
  return async () => {
    throw new LanguageHostError(`${method} is not supported by this repository's nodejs language host: ${instead}.`, status.UNIMPLEMENTED);
  };
}

function toStatus(error: unknown): ServerErrorResponse | Partial<ServiceError> {
  const failure = error instanceof Error ? error : new Error(String(error));
  const code = failure instanceof LanguageHostError ? failure.code : status.UNKNOWN;
  return { name: failure.name, code, message: failure.message, details: failure.message };
}

/** A unary gRPC handler from an async function; `signal` aborts when the engine gives the call up. */
export function unary<Request, Response>(
  answer: (request: Request, signal: AbortSignal) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort());
    answer(call.request, abort.signal).then(
      (response) => callback(null, response),
      (error: unknown) => callback(toStatus(error)),
    );
  };
}

/** A server-streaming gRPC handler from an async function that writes messages and then returns. */
export function streaming<Request, Message>(
  produce: (request: Request, write: (message: Message) => void, signal: AbortSignal) => Promise<void>,
): handleServerStreamingCall<Request, Message> {
  return (call) => {
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort());
    const write = (message: Message) => {
      if (!abort.signal.aborted) call.write(message);
    };
    produce(call.request, write, abort.signal).then(
      () => call.end(),
      (error: unknown) => call.emit('error', toStatus(error)),
    );
  };
}

/**
 * Every answer that is an error is one of these classes; `render.ts` turns them into the wire form. `rejection` marks what
 * OpenWhisk's routing refuses before a handler takes over: those answers carry no CORS headers.
 */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly options: { rejection?: boolean; headers?: Record<string, string>; plainText?: boolean; activationId?: string } = {},
  ) {
    super(message);
    this.name = new.target.name;
  }
}

const challenge = { 'WWW-Authenticate': 'Basic realm="OpenWhisk secure realm",charset=UTF-8' };

export class MissingCredentials extends ApiError {
  constructor() {
    super(401, 'The resource requires authentication, which was not supplied with the request', { rejection: true, headers: challenge });
  }
}

export class InvalidCredentials extends ApiError {
  constructor() {
    super(401, 'The supplied authentication is invalid', { rejection: true, headers: challenge });
  }
}

export class NotAuthorized extends ApiError {
  readonly resources: readonly string[];

  /** Names of the resources, `ns` or `ns/name`; several are sorted and joined. */
  constructor(...resources: string[]) {
    super(403, `The supplied authentication is not authorized to access '${resources.sort().join(', ')}'.`);
    this.resources = resources;
  }
}

export class KindNotAllowed extends ApiError {
  constructor(kind: string) {
    super(403, `The supplied authentication is not authorized to access actions of kind '${kind}'.`);
  }
}

export class NoSuchResource extends ApiError {
  constructor(named?: string) {
    super(404, named === undefined ? 'The requested resource does not exist.' : `The requested resource '${named}' does not exist.`);
  }
}

export class NoSuchRoute extends ApiError {
  constructor() {
    super(404, 'The requested resource could not be found.', { rejection: true });
  }
}

export class MethodNotAllowed extends ApiError {
  constructor(allowed: string) {
    super(405, `HTTP method not allowed, supported methods: ${allowed}`, { rejection: true, headers: { Allow: allowed } });
  }
}

export class BadRequest extends ApiError {
  constructor(message: string) {
    super(400, message);
  }
}

/** A name in the path outside the grammar: refused while routing. */
export class IllegalName extends ApiError {
  constructor(message: string) {
    super(400, message, { rejection: true });
  }
}

export class MalformedContent extends ApiError {
  constructor(detail: string) {
    super(400, `The request content was malformed:\n${detail}`, { rejection: true });
  }
}

export class MalformedQuery extends ApiError {
  constructor(parameter: string, detail: string) {
    super(400, `The query parameter '${parameter}' was malformed:\n${detail}`, { rejection: true });
  }
}

export class UnsupportedContentType extends ApiError {
  constructor(contentType: string) {
    super(415, `The request's Content-Type [${contentType}] is not supported. Expected:\napplication/json`, { rejection: true });
  }
}

export class NotAcceptable extends ApiError {
  constructor(available: string) {
    super(406, `Resource representation is only available with these types:\n${available}`, { rejection: true });
  }
}

export class Conflict extends ApiError {
  constructor(message: string) {
    super(409, message);
  }
}

export class AlreadyExists extends Conflict {
  constructor() {
    super('resource already exists');
  }
}

export class ConcurrentModification extends Conflict {
  constructor() {
    super('Concurrent modification to resource detected.');
  }
}

/** Another type of entity has the name. */
export class NotInCollection extends Conflict {
  constructor() {
    super('Resource by this name exists but is not in this collection.');
  }
}

export class ContentTooLarge extends ApiError {
  constructor(message: string) {
    super(413, message);
  }
}

export class TooManyRequests extends ApiError {
  constructor(message: string) {
    super(429, message);
  }
}

export class Unavailable extends ApiError {
  constructor(message = 'The server is currently unavailable (because it is overloaded or down for maintenance).') {
    super(503, message);
  }
}

/** Above the server's bound on a request entity. */
export class EntityTooLargeForServer extends ApiError {
  constructor() {
    super(400, 'Request too large', { rejection: true, plainText: true });
  }
}

export class UriTooLong extends ApiError {
  constructor(limit: number) {
    super(414, `URI length exceeds the configured limit of ${limit} characters`, { rejection: true, plainText: true });
  }
}

/** Something failed that a client cannot help; the cause is logged, not told. */
export class InternalError extends ApiError {
  constructor(message = 'There was an internal server error.', options: { activationId?: string } = {}) {
    super(500, message, options);
  }
}

import { rootCertificates } from 'node:tls';
import { Agent, type Dispatcher, errors as undiciErrors } from 'undici';
import { ApiError, CancelledError, ConnectionError, DeadlineError } from './errors';
import { DEFAULT_RETRY_POLICY, type RetryLimits, type RetryPolicy, retrying } from './retry';

export interface TransportOptions {
  /** `http://host:port` or `https://host`, without a path. */
  origin: string;
  /** The whole `Authorization` header. */
  authorization?: string;
  /** Certificates in PEM form of authorities that are trusted beside those every program trusts. */
  caCertificate?: string;
  /** Accept any TLS certificate. */
  insecure?: boolean;
  /** What an error says about how a certificate of an unknown authority comes to be trusted. Default: by the provider's settings. */
  trustHint?: string;
  retry?: RetryPolicy;
  /** How long one attempt may take, in ms. */
  attemptTimeoutMs?: number;
  /** Connections kept to the host. */
  connections?: number;
}

export interface HttpRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  /** What may be answered; JSON or plain text by default. */
  accept?: string;
  /** Where this request departs from the transport's policy. */
  retry?: Partial<RetryPolicy>;
}

export interface HttpAnswer {
  status: number;
  body: unknown;
  activationId: string | undefined;
}

/** Answers larger than this are refused: the largest entity is 48 MB of code, in base64 and JSON escapes. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;
/** Longest stretch of a non-JSON error page that is shown. */
const MAX_ERROR_TEXT = 300;

/** HTTP to one host: kept-alive connections, repetition of what is worth repeating, errors as named classes. */
export class HttpTransport {
  readonly origin: string;
  private readonly agent: Agent;
  private readonly retry: RetryPolicy;
  private readonly attemptTimeoutMs: number;

  constructor(private readonly options: TransportOptions) {
    this.origin = options.origin.replace(/\/+$/, '');
    this.retry = options.retry ?? DEFAULT_RETRY_POLICY;
    this.attemptTimeoutMs = options.attemptTimeoutMs ?? 75_000;
    this.agent = new Agent({
      connections: options.connections ?? 16,
      keepAliveTimeout: 20_000,
      connect: {
        timeout: 10_000,
        rejectUnauthorized: options.insecure !== true,
        ...(options.caCertificate === undefined ? {} : { ca: [...rootCertificates, options.caCertificate] }),
      },
      maxResponseSize: MAX_ANSWER_BYTES,
    });
  }

  async send(request: HttpRequest, limits: RetryLimits): Promise<HttpAnswer> {
    return retrying(
      async (failures) =>
        this.attempt(
          request,
          limits,
          failures.some((failure) => failure instanceof ConnectionError),
        ),
      { ...this.retry, ...request.retry },
      limits,
    );
  }

  async close(): Promise<void> {
    await this.agent.close();
  }

  private async attempt(request: HttpRequest, limits: RetryLimits, afterLostAttempt: boolean): Promise<HttpAnswer> {
    const label = `${request.method} ${request.path}`;
    const left = Math.max(1, Math.min(this.attemptTimeoutMs, limits.deadline - performance.now()));
    const timeout = AbortSignal.timeout(Math.ceil(left));
    let answer: Dispatcher.ResponseData;
    let text: string;
    try {
      answer = await this.agent.request({
        origin: this.origin,
        path: request.path + queryText(request.query),
        method: request.method,
        headers: {
          // Setting a rule's status is answered with plain text, and refused to those who want nothing but JSON.
          accept: request.accept ?? 'application/json, text/plain',
          'user-agent': 'pulumi-openwhisk',
          ...(this.options.authorization === undefined ? {} : { authorization: this.options.authorization }),
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        signal: AbortSignal.any([limits.signal, timeout]),
        headersTimeout: this.attemptTimeoutMs,
        bodyTimeout: this.attemptTimeoutMs,
      });
      text = await answer.body.text();
    } catch (error) {
      if (limits.signal.aborted) throw new CancelledError();
      if (timeout.aborted) throw new DeadlineError(`${this.origin} did not answer ${label} within ${Math.ceil(left / 1000)} s.`);
      throw new ConnectionError(this.origin, connectionReason(error, this.options.trustHint), { cause: error }, wasUnseen(error));
    }
    const body = parse(text);
    const activationId = headerText(answer.headers['x-openwhisk-activation-id']);
    if (answer.statusCode >= 400) {
      const details = {
        transactionId: headerText(answer.headers['x-request-id']),
        activationId,
        afterLostAttempt,
        retryAfterMs: retryAfter(headerText(answer.headers['retry-after'])),
      };
      throw new ApiError(answer.statusCode, errorText(answer.statusCode, body), label, details, body);
    }
    return { status: answer.statusCode, body, activationId };
  }
}

function queryText(query: HttpRequest['query']): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  return given.length === 0 ? '' : `?${given.map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`).join('&')}`;
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function retryAfter(value: string | undefined): number | undefined {
  const seconds = Number(value);
  return value === undefined || !Number.isFinite(seconds) || seconds < 0 ? undefined : Math.min(seconds, 60) * 1000;
}

/** The host's own words: OpenWhisk and the admin API say `{"error": "..."}`; an edge in front of them may send a page. */
function errorText(status: number, body: unknown): string {
  if (typeof body === 'object' && body !== null) {
    const error = (body as { error?: unknown }).error;
    if (typeof error === 'string' && error !== '') return error;
    const inner = (body as { response?: { result?: { error?: unknown } } }).response?.result?.error;
    if (typeof inner === 'string') return inner;
  }
  if (typeof body === 'string' && body.trim() !== '' && !body.trimStart().startsWith('<')) return body.trim().slice(0, MAX_ERROR_TEXT);
  return `HTTP status ${status}`;
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'nothing is listening there',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be resolved',
  ETIMEDOUT: 'the connection timed out',
  EPIPE: 'the connection was closed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for other names than this one',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
};

const UNTRUSTED: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its TLS certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its TLS certificate is signed by nobody that is known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its TLS certificate is signed by nobody that is known here',
};
const TRUST_HINT = 'set "caCertificate" to trust its authority, or "insecure" to accept any';

/** Nothing was sent: no connection came about. */
function wasUnseen(error: unknown): boolean {
  if (error instanceof undiciErrors.ConnectTimeoutError) return true;
  const { code, errors } = error as { code?: unknown; errors?: unknown[] };
  if (Array.isArray(errors)) return errors.every(wasUnseen);
  return code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN';
}

function connectionReason(error: unknown, trustHint = TRUST_HINT): string {
  if (error instanceof undiciErrors.ConnectTimeoutError) return 'the connection timed out';
  if (error instanceof undiciErrors.SocketError) return 'the connection was closed before the answer came';
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && code in UNTRUSTED) return `${UNTRUSTED[code]} (${trustHint})`;
  if (typeof code === 'string') return REASONS[code] ?? code;
  // A host with several addresses fails with one error for each of them.
  if (error instanceof AggregateError && error.errors.length > 0) return connectionReason(error.errors[0], trustHint);
  return error instanceof Error ? error.message : 'the request failed';
}

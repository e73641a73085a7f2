import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type { PlatformConfig } from '../../config/settings';
import type { Logger } from '../../observe/logger';
import type { Answer } from './answer';
import { BodyReader } from './bodyReader';
import { UriTooLong } from './errors';
import { Query } from './query';
import { asApiError, errorAnswer } from './render';
import { type ApiRequest, splitTarget, type Transaction } from './request';
import { transactionOf } from './transaction';

/** Answers one request; rejects with an ApiError or an error of the model. */
export interface ApiHandler {
  /** Called before the body is read: refuses early what needs no body. */
  admit(request: ApiRequest): Promise<void> | void;
  handle(request: ApiRequest): Promise<Answer>;
  /** Bytes of a body that can be of use to `handle`; of a longer one it is told the length alone. */
  usefulBody(request: ApiRequest): number;
  /** CORS headers for an error answer on this path. */
  corsFor(path: string): Record<string, string>;
}

const noBody = Buffer.alloc(0);

/** Bytes of an answer waiting for its reader from which on the reader is watched. */
const slowReader = 64 * 1024;

/** How long a body that nobody wants is read, ms. */
const unwantedTime = 1000;

/**
 * The HTTP side of the API: reads a request whole (bounded), hands it to the handler, writes the answer with the headers every
 * answer has. Bare `node:http`, because what counts here is exact control: bodies on any method, undecodable paths and odd content types
 * are answered in OpenWhisk's words and not in a framework's.
 */
export class ApiServer {
  private readonly server: Server;
  private readonly transactionHeader: string;
  private readonly bodies: BodyReader;
  private draining = false;
  /** Answers so far, by the first digit of their status. */
  readonly answered = [0, 0, 0, 0, 0, 0];

  constructor(
    private readonly handler: ApiHandler,
    private readonly options: PlatformConfig['api'],
    private readonly log: Logger,
  ) {
    this.transactionHeader = options.transactionHeader.toLowerCase();
    this.bodies = new BodyReader({ max: options.maxContentLength, buffered: options.maxBuffered });
    this.server = createServer(
      {
        keepAliveTimeout: options.idleTimeout,
        // whoever sends headers or body too slowly is cut off, with 408 where that can still be said
        headersTimeout: Math.min(options.headersTimeout, options.requestTimeout),
        requestTimeout: options.requestTimeout,
        connectionsCheckingInterval: Math.min(5000, options.headersTimeout / 4, options.requestTimeout / 4),
        maxHeaderSize: 32 * 1024,
      },
      (q, s) => {
        void this.answer(q, s);
      },
    );
    this.server.maxConnections = options.maxConnections;
  }

  async listen(): Promise<{ host: string; port: number }> {
    const { host, port } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port, backlog: 1024 }, resolve);
    });
    return { host, port: (this.server.address() as AddressInfo).port };
  }

  /**
   * No new connections; answers under way are finished. For `linger` ms requests on connections that are open already are answered too, each
   * with the word that its connection ends: a proxy that keeps connections does so without losing a request on its way.
   */
  async close(linger = 0): Promise<void> {
    this.draining = true;
    // the close of http.Server would end idle connections at once
    const closed = new Promise<void>((resolve) => {
      NetServer.prototype.close.call(this.server, () => resolve());
    });
    if (linger > 0) await new Promise((resolve) => setTimeout(resolve, linger));
    this.server.close();
    this.server.closeIdleConnections();
    await closed;
  }

  private async answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { path, rawQuery } = splitTarget(incoming.url!);
    const transaction = transactionOf(incoming.headers, this.transactionHeader);
    const request: ApiRequest = {
      method: incoming.method!,
      path,
      rawQuery,
      query: new Query(rawQuery),
      headers: incoming.headers,
      rawHeaders: incoming.rawHeaders,
      body: noBody as Buffer,
      bodyLength: 0,
      transaction,
    };
    let answer: Answer;
    let release: (() => void) | undefined;
    try {
      if (incoming.url!.length > this.options.maxUriLength) throw new UriTooLong(this.options.maxUriLength);
      const admitted = this.handler.admit(request);
      if (admitted) await admitted;
      if (hasBody(incoming)) {
        const read = await this.bodies.read(incoming, this.handler.usefulBody(request), holderOf(request, incoming));
        request.body = read.body;
        request.bodyLength = read.length;
        release = read.release;
      }
      answer = await this.handler.handle(request);
    } catch (error) {
      // the client is gone, or was too slow: nobody is left to be answered
      if (incoming.destroyed && !incoming.complete) return;
      const known = asApiError(error);
      if (known.status >= 500) this.log.error({ err: error, transaction: transaction.id }, 'request failed');
      answer = errorAnswer(known, transaction.id, this.handler.corsFor(path));
      // an unread body must not be taken for the next request
      if (!incoming.complete) outgoing.shouldKeepAlive = false;
    } finally {
      release?.();
    }
    this.write(incoming, outgoing, answer, transaction);
  }

  private write(incoming: IncomingMessage, outgoing: ServerResponse, answer: Answer, transaction: Transaction): void {
    this.answered[Math.floor(answer.status / 100)]!++;
    if (outgoing.destroyed) return;
    const headers: Record<string, string | string[] | number> = {
      [this.options.transactionHeader]: headerSafe(transaction.id),
      ...(answer.bare ? {} : answer.headers),
    };
    if (answer.activationId !== undefined && !answer.bare) headers['x-openwhisk-activation-id'] = answer.activationId;
    const { body } = answer;
    if (body !== undefined && answer.contentType !== undefined) headers['Content-Type'] = answer.contentType;
    if (answer.status !== 204)
      headers['Content-Length'] = body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    if (this.draining) outgoing.shouldKeepAlive = false;
    if (answer.bare) delete headers[this.options.transactionHeader];
    if (answer.extraHeaders) {
      for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
      for (const [name, value] of answer.extraHeaders) outgoing.appendHeader(name, value);
      outgoing.writeHead(answer.status);
    } else outgoing.writeHead(answer.status, headers);
    const told = incoming.method === 'HEAD' ? undefined : body;
    if (incoming.complete || !hasBody(incoming)) outgoing.end(told);
    else endWhenRead(incoming, outgoing, told);
    const { socket } = outgoing;
    if (socket && socket.writableLength > slowReader) socket.setTimeout(this.options.idleTimeout);
  }
}

/**
 * The client is still sending what nobody wants, and a connection that is closed on it would be reset and the answer lost on the way: what
 * it sends is thrown away for a while.
 */
function endWhenRead(incoming: IncomingMessage, outgoing: ServerResponse, body: Answer['body']): void {
  if (body !== undefined) outgoing.write(body);
  const end = () => {
    clearTimeout(timer);
    outgoing.end();
  };
  const timer = setTimeout(end, unwantedTime);
  incoming.once('end', end).once('close', end).resume();
}

function hasBody(incoming: IncomingMessage): boolean {
  const length = incoming.headers['content-length'];
  return length === undefined ? incoming.headers['transfer-encoding'] !== undefined : length !== '0';
}

/** Memory is counted for the namespace of the caller, or for the address of one that is not known. */
function holderOf({ identity }: ApiRequest, { socket }: IncomingMessage): string {
  return identity ? identity.namespace.name : `address ${socket.remoteAddress}`;
}

/** A header value may not carry what a JSON body may. */
function headerSafe(text: string): string {
  return text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
}

export type { ApiRequest };

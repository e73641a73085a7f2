import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PlatformConfig } from '../../config/settings';
import type { Logger } from '../../observe/logger';
import type { Answer } from './answer';
import { EntityTooLargeForServer, UriTooLong } from './errors';
import { Query } from './query';
import { asApiError, errorAnswer } from './render';
import { type ApiRequest, splitTarget, type Transaction } from './request';
import { transactionOf } from './transaction';

/** Answers one request; rejects with an ApiError or an error of the model. */
export interface ApiHandler {
  /** Called before the body is read: refuses early what needs no body. */
  admit(request: ApiRequest): Promise<void> | void;
  handle(request: ApiRequest): Promise<Answer>;
  /** CORS headers for an error answer on this path. */
  corsFor(path: string): Record<string, string>;
}

const noBody = Buffer.alloc(0);

/**
 * The HTTP side of the API: reads a request whole (bounded), hands it to the handler, writes the answer with the headers every
 * answer has. Bare `node:http`, because what counts here is exact control: bodies on any method, undecodable paths and odd content types
 * are answered in OpenWhisk's words and not in a framework's.
 */
export class ApiServer {
  private readonly server: Server;
  private readonly transactionHeader: string;
  private draining = false;

  constructor(
    private readonly handler: ApiHandler,
    private readonly options: PlatformConfig['api'],
    private readonly log: Logger,
  ) {
    this.transactionHeader = options.transactionHeader.toLowerCase();
    this.server = createServer(
      { keepAliveTimeout: options.idleTimeout, requestTimeout: options.requestTimeout, maxHeaderSize: 32 * 1024 },
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

  /** No new connections; answers under way are finished. */
  async close(): Promise<void> {
    this.draining = true;
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeIdleConnections();
    });
  }

  private async answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { path, rawQuery } = splitTarget(incoming.url!);
    const transaction = transactionOf(incoming.headers, this.transactionHeader);
    const request = {
      method: incoming.method!,
      path,
      rawQuery,
      query: new Query(rawQuery),
      headers: incoming.headers,
      rawHeaders: incoming.rawHeaders,
      body: noBody as Buffer,
      transaction,
    };
    let answer: Answer;
    try {
      if (incoming.url!.length > this.options.maxUriLength) throw new UriTooLong(this.options.maxUriLength);
      const admitted = this.handler.admit(request);
      if (admitted) await admitted;
      if (hasBody(incoming)) request.body = await readBody(incoming, this.options.maxContentLength);
      answer = await this.handler.handle(request);
    } catch (error) {
      const known = asApiError(error);
      if (known.status >= 500) this.log.error({ err: error, transaction: transaction.id }, 'request failed');
      answer = errorAnswer(known, transaction.id, this.handler.corsFor(path));
      // an unread body must not be taken for the next request
      if (!incoming.complete) outgoing.shouldKeepAlive = false;
    }
    this.write(outgoing, answer, transaction, request.method === 'HEAD');
  }

  private write(outgoing: ServerResponse, answer: Answer, transaction: Transaction, withoutBody: boolean): void {
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
    if (withoutBody || body === undefined) outgoing.end();
    else outgoing.end(body);
  }
}

function hasBody(incoming: IncomingMessage): boolean {
  const length = incoming.headers['content-length'];
  return length === undefined ? incoming.headers['transfer-encoding'] !== undefined : length !== '0';
}

function readBody(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(incoming.headers['content-length'] ?? 0) > limit) {
      reject(new EntityTooLargeForServer());
      return;
    }
    let first: Buffer | undefined;
    let more: Buffer[] | undefined;
    let length = 0;
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) {
        incoming.pause();
        reject(new EntityTooLargeForServer());
      } else if (!first) first = chunk;
      else if (more) more.push(chunk);
      else more = [first, chunk];
    });
    incoming.on('end', () => resolve(more ? Buffer.concat(more) : (first ?? noBody)));
    incoming.on('error', reject);
  });
}

/** A header value may not carry what a JSON body may. */
function headerSafe(text: string): string {
  return text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
}

export type { ApiRequest };

import { createHash, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Logger } from '../observe/logger';
import type { NamespaceEntry } from '../store/subjectStore';
import { AdminError } from './adminErrors';
import type { DatabaseContents } from './databaseContents';
import type { NamespaceAdmin, NamespacePut } from './namespaceAdmin';

export interface AdminApiOptions {
  host: string;
  port: number;
  /** Bearer key. */
  key: string;
  /** What the health route tells of the process. */
  about: () => { instanceId: string };
  /** Why no work should be sent here now; undefined when it should. */
  unready: () => Promise<string | undefined> | string | undefined;
}

const maxPage = 200;
const nonEmptyText = { type: 'string', minLength: 1 };

/** The operator's API, on a port and with a key of its own; `GET /health` and `GET /ready` are open. */
export class AdminApi {
  private readonly server: FastifyInstance;

  constructor(
    private readonly namespaces: NamespaceAdmin,
    private readonly contents: DatabaseContents,
    private readonly options: AdminApiOptions,
    log: Logger,
  ) {
    this.server = fastify({
      bodyLimit: 1024 * 1024,
      forceCloseConnections: 'idle',
      ajv: { customOptions: { coerceTypes: true, removeAdditional: false } },
    });
    this.server.setErrorHandler((error: Error & { statusCode?: number; validation?: unknown }, request, reply) => {
      const status = error instanceof AdminError ? error.status : (error.statusCode ?? 500);
      if (status >= 500) log.error({ err: error, route: request.url }, 'admin request failed');
      return reply
        .code(status)
        .send({ error: status >= 500 ? 'There was an internal error; see the log of the platform.' : error.message });
    });
    this.server.setNotFoundHandler((request) => {
      throw new AdminError(404, `There is no ${request.method} ${request.url.split('?')[0]} in the admin API.`);
    });
    this.routes();
  }

  async listen(): Promise<{ host: string; port: number }> {
    const { host, port } = this.options;
    await this.server.listen({ host, port });
    return { host, port: (this.server.server.address() as AddressInfo).port };
  }

  async close(): Promise<void> {
    await this.server.close();
  }

  private routes(): void {
    this.server.get('/health', () => this.options.about());
    this.server.get('/ready', async (_, reply) => {
      const reason = await this.options.unready();
      return reason === undefined
        ? { ready: true, instanceId: this.options.about().instanceId }
        : reply.code(503).send({ ready: false, reason });
    });
    this.server.register(
      async (api) => {
        api.addHook('onRequest', async (request) => this.authorize(request));
        api.get<{ Querystring: { limit?: number; skip?: number } }>('/namespaces', { schema: { querystring: page } }, async ({ query }) => {
          const { namespaces, total } = await this.namespaces.list(query.skip ?? 0, query.limit ?? maxPage);
          return { namespaces: namespaces.map(shown), total };
        });
        api.get<Named>('/namespaces/:name', async ({ params }) => shown(await this.namespaces.get(params.name)));
        api.put<Named & { Body: NamespacePut; Querystring: { overwrite?: boolean } }>(
          '/namespaces/:name',
          { schema: { body: namespaceBody, querystring: flag('overwrite') } },
          async ({ params, body, query }) => shown(await this.namespaces.put(params.name, body, query.overwrite === true)),
        );
        api.post<Named & { Body: { auth?: string } }>(
          '/namespaces/:name/keys',
          { schema: { body: { type: 'object', additionalProperties: false, properties: { auth: nonEmptyText } } } },
          async ({ params, body }) => shown(await this.namespaces.rotateKey(params.name, body.auth)),
        );
        api.delete<Named & { Querystring: { force?: boolean } }>(
          '/namespaces/:name',
          { schema: { querystring: flag('force') } },
          async ({ params, query }, reply) => {
            await this.namespaces.delete(params.name, query.force === true);
            return reply.code(204).send();
          },
        );
        api.get<Named>('/subjects/:name', async ({ params }) => this.namespaces.subject(params.name));
        api.post<{ Body: { auth: string } }>(
          '/identities',
          { schema: { body: { type: 'object', additionalProperties: false, required: ['auth'], properties: { auth: nonEmptyText } } } },
          async ({ body }) => this.namespaces.identify(body.auth),
        );
        api.get<Named & { Querystring: { limit?: number; skip?: number; docs?: boolean } }>(
          '/databases/:name',
          { schema: { querystring: { ...page, properties: { ...page.properties, docs: { type: 'boolean' } } } } },
          async ({ params, query }) => this.contents.page(params.name, query.skip ?? 0, query.limit ?? maxPage, query.docs === true),
        );
      },
      { prefix: '/v1' },
    );
  }

  private authorize({ headers }: FastifyRequest): void {
    const given = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
    // hashed first, so that neither length nor content can be told from the time it takes
    const digest = (text: string) => createHash('sha256').update(text).digest();
    if (!timingSafeEqual(digest(given), digest(this.options.key))) {
      throw new AdminError(401, "Give the platform's admin key as 'Authorization: Bearer <key>'.");
    }
  }
}

interface Named {
  Params: { name: string };
}

const page = {
  type: 'object',
  properties: { limit: { type: 'integer', minimum: 1, maximum: maxPage }, skip: { type: 'integer', minimum: 0 } },
};

const namespaceBody = {
  type: 'object',
  additionalProperties: false,
  properties: { subject: nonEmptyText, auth: nonEmptyText, limits: { type: 'object' }, blocked: { type: 'boolean' } },
};

function flag(name: string): object {
  return { type: 'object', properties: { [name]: { type: 'boolean' } } };
}

function shown({ name, subject, uuid, key, blocked, limits }: NamespaceEntry): object {
  return { namespace: name, subject, uuid, key, auth: `${uuid}:${key}`, blocked, limits };
}

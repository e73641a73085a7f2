import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WireKeyValue } from '../openwhisk/entities';

type Json = Record<string, unknown>;

/** A request the fake has answered. */
export interface SeenRequest {
  method: string;
  path: string;
  query: string;
  body: Json | undefined;
}

/**
 * The write rules of the API (rest-api.md, "Generic PUT / GET / DELETE", "Actions", "Packages", "Triggers", "Rules") over a map: for unit
 * tests of what the resources send and read. It runs nothing and checks little.
 */
export class FakeOpenWhisk {
  readonly entities = new Map<string, Json>();
  readonly namespaces = new Map<string, Json>();
  readonly requests: SeenRequest[] = [];
  /** Answers to give instead, first in first out: a status with a text, or `drop` to break the connection after the work is done. */
  readonly failures: ({ status: number; error: string } | 'drop' | 'drop-before')[] = [];
  /** What happens when an action is invoked, by its id; without an entry it answers with its arguments. Throwing is its failure. */
  readonly handlers = new Map<string, (args: Json) => unknown>();
  private readonly server: Server = createServer((request, response) => void this.answer(request, response));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = chunks.length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString()) as Json);
    const url = new URL(request.url!, 'http://fake');
    const seen = { method: request.method!, path: decodeURIComponent(url.pathname), query: url.search, body };
    this.requests.push(seen);
    const failure = this.failures.shift();
    if (failure === 'drop-before') {
      request.socket.destroy();
      return;
    }
    const [status, answer] =
      typeof failure === 'object'
        ? [failure.status, { error: failure.error, code: 'tid' }]
        : request.method === 'POST' && url.pathname.includes('/rules/') && !acceptsText(request)
          ? [406, { error: 'Resource representation is only available with these types:\ntext/plain', code: 'tid' }]
          : this.route(seen, url.searchParams);
    if (failure === 'drop') {
      request.socket.destroy();
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'tid' });
    response.end(answer === undefined ? '' : JSON.stringify(answer));
  }

  private route({ method, path, body }: SeenRequest, query: URLSearchParams): [number, unknown?] {
    if (path === '/api/v1/namespaces') return [200, ['guest']];
    const admin = /^\/v1\/namespaces\/([^/]+)(\/keys)?$/.exec(path);
    if (admin !== null) return this.admin(method, admin[1]!, admin[2] !== undefined, body ?? {}, query);
    if (path === '/api/v1/namespaces/_/limits') return [200, { invocationsPerMinute: 60, concurrentInvocations: 30, firesPerMinute: 60 }];
    const list = /^\/api\/v1\/namespaces\/([^/]+)\/(actions|packages|triggers|rules)$/.exec(path);
    if (list !== null) return [200, this.list(list[1]!, list[2]!)];
    const match = /^\/api\/v1\/namespaces\/([^/]+)\/(actions|packages|triggers|rules)\/(.+)$/.exec(path);
    if (match === null) return [404, { error: 'The requested resource could not be found.', code: 'tid' }];
    const [, namespace, collection, name] = match as unknown as [string, string, string, string];
    return this.entity(method, `${namespace === '_' ? 'guest' : namespace}/${name}`, collection, body ?? {}, query);
  }

  private entity(method: string, id: string, collection: string, body: Json, query: URLSearchParams): [number, unknown?] {
    const old = this.entities.get(id);
    if (method === 'PUT') {
      if (old !== undefined && query.get('overwrite') !== 'true') return [409, { error: 'resource already exists', code: 'tid' }];
      const entity = write(collection, id, old, body);
      this.entities.set(id, entity);
      return [200, entity];
    }
    if (old === undefined) return [404, { error: 'The requested resource does not exist.', code: 'tid' }];
    if (method === 'DELETE') {
      this.entities.delete(id);
      return [200, old];
    }
    if (method === 'POST' && collection === 'rules') {
      old.status = body.status;
      return [200, 'OK'];
    }
    if (method === 'POST' && collection === 'actions') return this.invoke(id, body, query);
    if (collection === 'packages' && isBinding(old)) return this.throughBinding(old);
    return [200, collection === 'actions' ? this.withPackageParameters(id, old) : old];
  }

  private list(namespace: string, collection: string): Json[] {
    return [...this.entities.values()].filter((entity) => entity.collection === collection && entity.namespace === namespace);
  }

  private invoke(id: string, args: Json, query: URLSearchParams): [number, unknown] {
    const activationId = 'a'.repeat(32);
    if (query.get('blocking') !== 'true') return [202, { activationId }];
    try {
      const result = this.handlers.get(id)?.(args) ?? args;
      return [200, { activationId, duration: 1, response: { success: true, result } }];
    } catch (error) {
      return [502, { activationId, response: { success: false, result: { error: (error as Error).message } } }];
    }
  }

  /** A binding shows the parameters of the package behind it, and is hidden when that is gone. */
  private throughBinding(binding: Json): [number, unknown] {
    const { namespace, name } = binding.binding as { namespace: string; name: string };
    const provider = this.entities.get(`${namespace}/${name}`);
    if (provider === undefined) return [404, { error: 'The requested resource does not exist.', code: 'tid' }];
    const own = binding.parameters as WireKeyValue[];
    const inherited = (provider.parameters as WireKeyValue[]).filter(({ key }) => !own.some((parameter) => parameter.key === key));
    return [200, { ...binding, parameters: [...inherited, ...own] }];
  }

  private withPackageParameters(id: string, action: Json): Json {
    const parts = id.split('/');
    if (parts.length !== 3) return action;
    const inherited = (this.entities.get(`${parts[0]}/${parts[1]}`)?.parameters ?? []) as WireKeyValue[];
    const own = action.parameters as WireKeyValue[];
    return { ...action, parameters: [...inherited.filter(({ key }) => !own.some((parameter) => parameter.key === key)), ...own] };
  }

  private admin(method: string, name: string, rotate: boolean, body: Json, query: URLSearchParams): [number, unknown?] {
    const old = this.namespaces.get(name);
    if (old === undefined && (method !== 'PUT' || rotate)) return [404, { error: `There is no namespace ${name}.` }];
    if (method === 'GET') return [200, old];
    if (method === 'DELETE') {
      const full = [...this.entities.keys()].some((id) => id.startsWith(`${name}/`));
      if (full && query.get('force') !== 'true') return [409, { error: `The namespace ${name} is not empty.` }];
      this.namespaces.delete(name);
      return [204];
    }
    if (method === 'PUT' && old !== undefined && query.get('overwrite') !== 'true')
      return [409, { error: `The namespace ${name} exists.` }];
    const auth = (body.auth as string | undefined) ?? (rotate || old === undefined ? randomAuth() : (old.auth as string));
    const [uuid, key] = auth.split(':');
    const created = { subject: `${name}-subject`, blocked: false, limits: {}, ...old, ...body, namespace: name, auth, uuid, key };
    this.namespaces.set(name, created);
    return [200, created];
  }
}

function isBinding(entity: Json): boolean {
  return (entity.binding as { name?: string } | undefined)?.name !== undefined;
}

/** A POST here is a change of a rule's status or of a key; the first is answered with plain text alone. */
function acceptsText(request: IncomingMessage): boolean {
  return request.headers.accept === undefined || /text\/plain|\*\/\*/.test(request.headers.accept);
}

let counter = 0;
function randomAuth(): string {
  counter += 1;
  return `${String(counter).padStart(8, '0')}-0000-4000-8000-000000000000:${String(counter).padStart(64, 'k')}`;
}

function write(collection: string, id: string, old: Json | undefined, body: Json): Json {
  const parts = id.split('/');
  const version = old === undefined ? '0.0.1' : (old.version as string).replace(/\d+$/, (patch) => String(Number(patch) + 1));
  const entity: Json = {
    namespace: parts.slice(0, -1).join('/'),
    name: parts.at(-1),
    version,
    publish: body.publish ?? old?.publish ?? false,
    annotations: collection === 'actions' ? mergedAnnotations(old, body) : (body.annotations ?? old?.annotations ?? []),
    updated: 1,
  };
  Object.defineProperty(entity, 'collection', { value: collection, enumerable: false });
  if (collection !== 'rules') entity.parameters = body.parameters ?? old?.parameters ?? [];
  if (collection === 'packages') entity.binding = body.binding ?? old?.binding ?? {};
  if (collection === 'packages' && isBinding(entity)) {
    const kept = (entity.annotations as WireKeyValue[]).filter(({ key }) => key !== 'binding');
    entity.annotations = [...kept, { key: 'binding', value: entity.binding }];
  }
  if (collection === 'actions') {
    entity.exec = body.exec === undefined ? old!.exec : storedExec(body.exec as Json);
    const { kind, components } = entity.exec as { kind: string; components?: string[] };
    if (kind === 'sequence') entity.parameters = [{ key: '_actions', value: components }];
    entity.limits = { timeout: 60000, memory: 256, logs: 10, concurrency: 1, ...(old?.limits as Json), ...(body.limits as Json) };
    setAnnotation(entity.annotations as WireKeyValue[], 'exec', (entity.exec as Json).kind as string);
  }
  if (collection === 'rules') {
    entity.trigger = body.trigger === undefined ? old?.trigger : pathName(body.trigger as string);
    entity.action = body.action === undefined ? old?.action : pathName(body.action as string);
    entity.status = old?.status ?? 'active';
  }
  return entity;
}

function storedExec(exec: Json): Json {
  const kind = (exec.kind as string).replace('nodejs:default', 'nodejs:20').replace('python:default', 'python:3.11');
  const code = exec.code as string | undefined;
  const binary = code !== undefined && code.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(code.trim());
  return { ...exec, kind, binary };
}

function mergedAnnotations(old: Json | undefined, body: Json): WireKeyValue[] {
  // Lost when components are resolved.
  const sequence = (body.exec as Json | undefined)?.kind === 'sequence';
  const removed = (sequence ? [] : (body.delAnnotations ?? [])) as string[];
  const merged = ((old?.annotations ?? [{ key: 'provide-api-key', value: false }]) as WireKeyValue[]).filter(
    ({ key }) => !removed.includes(key),
  );
  for (const { key, value } of (body.annotations ?? []) as WireKeyValue[]) setAnnotation(merged, key, value);
  return merged;
}

function setAnnotation(list: WireKeyValue[], key: string, value: WireKeyValue['value']): void {
  const at = list.findIndex((entry) => entry.key === key);
  if (at >= 0) list.splice(at, 1);
  list.push({ key, value });
}

function pathName(text: string): Json {
  const parts = text.split('/').filter((part) => part !== '');
  return { path: parts.slice(0, -1).join('/').replace(/^_/, 'guest'), name: parts.at(-1) };
}

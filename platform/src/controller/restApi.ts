import type { SystemLimits } from '../config/settings';
import type { Identity } from '../model/identity';
import {
  defaultNamespace,
  illegalName,
  illegalNamespace,
  isEntityName,
  maxNameLength,
  namespaceTooLong,
  nameTooLong,
} from '../model/names';
import type { Actions } from './actions';
import { type Activations, checkActivationId } from './activations';
import type { Authenticator } from './authentication';
import type { CallContext } from './context';
import { apiDocument } from './docs/swagger';
import { accepts } from './http/accept';
import { type Answer, jsonAnswer, textAnswer } from './http/answer';
import type { ApiHandler } from './http/apiServer';
import { restCors, rootCors } from './http/cors';
import { BadRequest, IllegalName, MethodNotAllowed, NoSuchRoute, NotAcceptable } from './http/errors';
import { type ApiRequest, pathSegments } from './http/request';
import type { Invocation } from './invocation';
import { getLimits } from './namespaceLimits';
import type { Packages } from './packages';
import { docsRedirect, type RootRoutes } from './rootRoutes';
import type { Rules } from './rules';
import type { TriggerFiring } from './triggerFiring';
import type { Triggers } from './triggers';
import type { WebActions } from './web/webActions';
import { matchWebRoute } from './web/webRoute';

const prefix = '/api/v1';
const apiDocsPath = `${prefix}/api-docs`;
const docsPath = `${prefix}/docs`;
const publicPaths = new Set([prefix, `${prefix}/`, apiDocsPath, docsPath]);
const webMethods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'];

export interface RestApiParts {
  authenticator: Authenticator;
  root: RootRoutes;
  actions: Actions;
  invocation: Invocation;
  triggers: Triggers;
  firing: TriggerFiring;
  rules: Rules;
  packages: Packages;
  activations: Activations;
  web: WebActions;
  limits: SystemLimits;
  build: { date: string; number: string };
}

/** Which path leads where. Wrong methods and unknown paths under `/api/v1` are all 404, as OpenWhisk answers them. */
export class RestApi implements ApiHandler {
  private readonly apiInfo: string;
  private readonly apiDocs: string;

  constructor(private readonly parts: RestApiParts) {
    this.apiDocs = JSON.stringify(apiDocument(parts.build.number));
    this.apiInfo = JSON.stringify({
      description: 'OpenWhisk API',
      api_version: '1.0.0',
      api_version_path: 'v1',
      build: parts.build.date,
      buildno: parts.build.number,
      swagger_paths: { ui: '/docs', 'api-docs': '/api-docs' },
    });
  }

  corsFor(path: string): Record<string, string> {
    return isApi(path) ? restCors : rootCors;
  }

  /** Credentials are checked before the body is read and before the path is looked at. */
  admit(request: ApiRequest): Promise<void> | void {
    if (!isApi(request.path) || request.method === 'OPTIONS' || this.isPublic(request) || matchWebRoute(request.path)) return;
    const identity = this.parts.authenticator.authenticate(request.headers.authorization);
    if (identity instanceof Promise) {
      return identity.then((found) => {
        request.identity = found;
      });
    }
    request.identity = identity;
  }

  /** Only PUT has bodies that may be large; those of other methods are refused above the payload's bound, or not looked at. */
  usefulBody({ method, path }: ApiRequest): number {
    if (!isApi(path)) return 0;
    return method === 'PUT' && !path.startsWith(`${prefix}/web/`) ? Number.POSITIVE_INFINITY : this.parts.limits.payload;
  }

  async handle(request: ApiRequest): Promise<Answer> {
    if (!isApi(request.path)) return acceptable(await this.parts.root.handle(request), request);
    const web = matchWebRoute(request.path);
    if (web) {
      if (!webMethods.includes(request.method)) throw new MethodNotAllowed(webMethods.join(', '));
      return this.parts.web.handle(request, web);
    }
    if (request.method === 'OPTIONS') return { ...textAnswer('OK'), headers: restCors };
    const answer = this.isPublic(request) ? this.publicAnswer(request) : await this.route(request, request.identity!);
    return acceptable({ ...answer, headers: answer.headers ? { ...restCors, ...answer.headers } : restCors }, request);
  }

  private isPublic({ method, path }: ApiRequest): boolean {
    return method === 'GET' && publicPaths.has(path);
  }

  private publicAnswer({ path }: ApiRequest): Answer {
    if (path === docsPath) return docsRedirect(`docs/index.html?url=${prefix}/api-docs`);
    return jsonAnswer(path === apiDocsPath ? this.apiDocs : this.apiInfo);
  }

  private route(request: ApiRequest, caller: Identity): Promise<Answer> | Answer {
    const [, , namespaces, namespace, collection, ...rest] = pathSegments(request.path);
    if (namespaces !== 'namespaces') throw new NoSuchRoute();
    if (namespace === undefined || (namespace === '' && collection === undefined)) {
      if (request.method !== 'GET') throw new NoSuchRoute();
      return jsonAnswer(JSON.stringify([caller.namespace.name]));
    }
    if (collection === undefined || collection === '') throw new NoSuchRoute();
    const handler = this.collections[collection];
    if (!handler) throw new NoSuchRoute();
    if (namespace.length > maxNameLength) throw new IllegalName(namespaceTooLong(namespace.length));
    if (!isEntityName(namespace)) throw new IllegalName(illegalNamespace);
    const context: CallContext = { caller, namespace: namespace === defaultNamespace ? caller.namespace.name : namespace, request };
    return handler(context, rest);
  }

  private readonly collections: Record<string, (context: CallContext, rest: string[]) => Promise<Answer> | Answer> = {
    __proto__: null as never,
    actions: (context, rest) => this.actionRoute(context, rest),
    triggers: (context, rest) => this.entityRoute(context, rest, 'triggers'),
    rules: (context, rest) => this.entityRoute(context, rest, 'rules'),
    packages: (context, rest) => this.entityRoute(context, rest, 'packages'),
    activations: (context, rest) => this.activationRoute(context, rest),
    limits: (context, rest) => this.limitsRoute(context, rest),
  };

  private actionRoute(context: CallContext, rest: string[]): Promise<Answer> {
    const { actions, invocation } = this.parts;
    const { method } = context.request;
    if (isCollection(rest)) {
      if (method !== 'GET') throw new NoSuchRoute();
      return actions.list(context);
    }
    if (rest.length > 2) throw new NoSuchRoute();
    if (rest.length === 2 && rest[1] === '') {
      if (method !== 'GET') throw new NoSuchRoute();
      return actions.listPackage(context, entityName(rest[0]!));
    }
    if (!['GET', 'PUT', 'DELETE', 'POST'].includes(method)) throw new NoSuchRoute();
    const packageName = rest.length === 2 ? entityName(rest[0]!) : undefined;
    const name = entityName(rest.at(-1)!);
    if (method === 'POST') return invocation.post(context, packageName, name);
    if (method === 'GET') return actions.get(context, packageName, name);
    if (method === 'PUT') return actions.put(context, packageName, name);
    return actions.delete(context, packageName, name);
  }

  private entityRoute(context: CallContext, rest: string[], collection: 'triggers' | 'rules' | 'packages'): Promise<Answer> {
    const handlers = this.parts[collection];
    const { method } = context.request;
    if (isCollection(rest)) {
      if (method !== 'GET') throw new NoSuchRoute();
      return handlers.list(context);
    }
    if (rest.length > 1) throw new NoSuchRoute();
    const post = { triggers: this.fire, rules: this.setStatus, packages: undefined }[collection];
    if (!['GET', 'PUT', 'DELETE'].includes(method) && !(method === 'POST' && post)) throw new NoSuchRoute();
    const name = entityName(rest[0]!);
    if (method === 'GET') return handlers.get(context, name);
    if (method === 'PUT') return handlers.put(context, name);
    if (method === 'DELETE') return handlers.delete(context, name);
    return post!(context, name);
  }

  private readonly fire = (context: CallContext, name: string) => this.parts.firing.post(context, name);
  private readonly setStatus = (context: CallContext, name: string) => this.parts.rules.setStatus(context, name);

  private activationRoute(context: CallContext, rest: string[]): Promise<Answer> {
    const { activations } = this.parts;
    if (context.request.method !== 'GET') throw new NoSuchRoute();
    if (isCollection(rest)) return activations.list(context);
    const [id, part, ...more] = rest;
    if (more.length > 0) throw new NoSuchRoute();
    if (part === undefined || part === '') return activations.get(context, id!);
    if (part === 'logs') return activations.logs(context, id!);
    if (part === 'result') return activations.result(context, id!);
    checkActivationId(id!);
    throw new NoSuchRoute();
  }

  private limitsRoute(context: CallContext, rest: string[]): Answer {
    if (context.request.method !== 'GET') throw new NoSuchRoute();
    if (isCollection(rest)) return getLimits(context, this.parts.limits);
    throw new BadRequest('Inner entity level routes for limits are not yet implemented.');
  }
}

function isApi(path: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

function isCollection(rest: string[]): boolean {
  return rest.length === 0 || (rest.length === 1 && rest[0] === '');
}

function entityName(segment: string): string {
  if (segment.length > maxNameLength) throw new IllegalName(nameTooLong(segment.length));
  if (segment === '') throw new NoSuchRoute();
  if (!isEntityName(segment)) throw new IllegalName(illegalName);
  return segment;
}

/** Checked on successful answers only, when the work is done already; error bodies are JSON whatever the caller accepts. */
function acceptable(answer: Answer, { headers }: ApiRequest): Answer {
  const { accept } = headers;
  if (accept === undefined || answer.status >= 400 || answer.contentType === undefined || answer.unconditional) return answer;
  const semicolon = answer.contentType.indexOf(';');
  const type = semicolon < 0 ? answer.contentType : answer.contentType.slice(0, semicolon);
  if (!accepts(accept, type)) throw new NotAcceptable(type);
  return answer;
}

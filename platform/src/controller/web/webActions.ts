import { CompletionTimeout, NoInvokerAvailable } from '../../balancer/loadBalancer';
import type { PlatformConfig } from '../../config/settings';
import { documentId } from '../../model/entities';
import type { Identity } from '../../model/identity';
import type { Json, JsonObject } from '../../model/json';
import { annotationOf } from '../../model/parameters';
import type { Logger } from '../../observe/logger';
import type { SubjectStore } from '../../store/subjectStore';
import type { ActionRunner, Outcome } from '../actionCall';
import type { ActionResolver, ResolvedAction } from '../actionResolver';
import type { Authenticator } from '../authentication';
import type { Entities } from '../entities';
import { accepts } from '../http/accept';
import type { Answer } from '../http/answer';
import { webCors } from '../http/cors';
import { ApiError, InternalError, NoSuchResource, NotAcceptable, NotAuthorized, NotInCollection, Unavailable } from '../http/errors';
import { asApiError, errorAnswer } from '../http/render';
import type { ApiRequest } from '../http/request';
import { checkPayloadSize } from '../invocation';
import { isArrayText, payloadFrom } from '../payload';
import type { Throttles } from '../throttles';
import { webArguments } from './webArguments';
import { transcode } from './webResult';
import type { WebRoute } from './webRoute';

/** Actions called over plain HTTP, on behalf of their owner: reference invocation, section 8. */
export class WebActions {
  constructor(
    private readonly subjects: SubjectStore,
    private readonly entities: Entities,
    private readonly resolver: ActionResolver,
    private readonly runner: ActionRunner,
    private readonly authenticator: Authenticator,
    private readonly throttles: Throttles,
    private readonly config: PlatformConfig,
    private readonly log: Logger,
  ) {}

  /** Never rejects: errors are rendered here, because their headers depend on the action. */
  async handle(request: ApiRequest, route: WebRoute): Promise<Answer> {
    let cors: Record<string, string> = {};
    try {
      const owner = await this.owner(route);
      const resolved = await this.find(owner, route);
      const { annotations } = resolved.action;
      const customOptions = annotationOf(annotations, 'web-custom-options') === true;
      if (!customOptions) cors = echoed(request);
      if (request.method === 'OPTIONS' && !customOptions) return { status: 200, headers: cors };
      this.throttles.invoke(owner);
      const caller = await this.authenticator.tryAuthenticate(request.headers.authorization);
      const optionsWithoutSecret = request.method === 'OPTIONS' && customOptions;
      if (!optionsWithoutSecret) requireAuth(annotationOf(annotations, 'require-whisk-auth'), request, caller);
      const outcome = await this.invoke(request, route, owner, resolved, caller);
      return { headers: cors, activationId: outcome.activationId, ...this.answer(outcome, route, request) };
    } catch (error) {
      const known = asApiError(error);
      if (known.status >= 500) this.log.error({ err: error, transaction: request.transaction.id }, 'a web action call failed');
      return pretty(errorAnswer(known, request.transaction.id, cors));
    }
  }

  private async owner({ namespace }: WebRoute): Promise<Identity> {
    const owner = await this.subjects.identityOf(namespace);
    if (!owner) throw new NoSuchResource();
    return owner;
  }

  private async find(owner: Identity, { namespace, packageName, action }: WebRoute): Promise<ResolvedAction> {
    let resolved: ResolvedAction;
    try {
      resolved = await this.resolver.resolve(owner, namespace, packageName, action);
    } catch (error) {
      if (error instanceof NotInCollection) throw new NoSuchResource();
      if (error instanceof NotAuthorized && packageName !== undefined) throw await this.named(namespace, packageName, error);
      throw error;
    }
    if (annotationOf(resolved.action.annotations, 'web-export') !== true) throw new NoSuchResource();
    return resolved;
  }

  /** Here it is the provider that is named, not the binding. */
  private async named(namespace: string, packageName: string, error: NotAuthorized): Promise<NotAuthorized> {
    const binding = await this.entities.find(documentId(namespace, packageName));
    const provider = binding?.document.type === 'packages' ? binding.document.binding : undefined;
    return provider ? new NotAuthorized(`${provider.namespace}/${provider.name}`) : error;
  }

  private async invoke(
    request: ApiRequest,
    route: WebRoute,
    owner: Identity,
    resolved: ResolvedAction,
    caller: Identity | undefined,
  ): Promise<Outcome> {
    checkPayloadSize(request, owner, this.config);
    const raw = annotationOf(resolved.action.annotations, 'raw-http') === true;
    const payload = payloadFrom(webArguments({ route, request, user: caller?.namespace.name, raw, immutable: resolved.immutable }));
    const { transaction } = request;
    try {
      return await this.runner.run({
        caller: owner,
        resolved,
        payload,
        transaction,
        blocking: true,
        wait: this.config.limits.blockingWait,
      });
    } catch (error) {
      if (error instanceof NoInvokerAvailable) throw new Unavailable(error.message);
      if (error instanceof CompletionTimeout) throw new InternalError();
      throw error;
    }
  }

  private answer({ activationId, record }: Outcome, { extension }: WebRoute, request: ApiRequest): Answer {
    if (!record) throw new ApiError(202, 'Response not yet ready.', { activationId });
    const { statusCode, result = '{}' } = record.response;
    if (statusCode >= 2) throw new ApiError(400, 'There was an error processing your request.', { activationId });
    if (statusCode === 0 && isArrayText(result)) {
      return { status: 500, contentType: 'text/plain; charset=UTF-8', body: 'There was an internal server error.', bare: true };
    }
    const value = JSON.parse(result) as JsonObject;
    try {
      const answer = transcode(extension, statusCode === 0 ? value : (value.error as Json));
      requireAcceptable(answer, request);
      return answer;
    } catch (error) {
      if (error instanceof NotAcceptable || !(error instanceof ApiError)) throw error;
      throw new ApiError(error.status, error.message, { ...error.options, activationId });
    }
  }
}

function echoed({ headers }: ApiRequest): Record<string, string> {
  const asked = headers['access-control-request-headers'];
  return typeof asked === 'string' ? { ...webCors, 'Access-Control-Allow-Headers': asked } : webCors;
}

/** String or number: must equal the header; true: the caller must be known; false or absent: open; anything else: nobody. */
function requireAuth(annotation: Json | undefined, { headers }: ApiRequest, caller: Identity | undefined): void {
  if (annotation === undefined || annotation === false) return;
  const secret = headers['x-require-whisk-auth'];
  const satisfied =
    annotation === true
      ? caller !== undefined
      : (typeof annotation === 'string' || typeof annotation === 'number') && secret === String(annotation);
  if (!satisfied) throw new ApiError(401, 'Authentication is possible but has failed or not yet been provided.');
}

function requireAcceptable({ contentType, body }: Answer, { headers }: ApiRequest): void {
  if (body === undefined || contentType === undefined) return;
  const type = contentType.split(';')[0]!;
  if (!accepts(headers.accept, type)) throw new NotAcceptable(type === 'text/plain' ? type : contentType);
}

function pretty(answer: Answer): Answer {
  if (answer.contentType !== 'application/json') return answer;
  return { ...answer, body: JSON.stringify(JSON.parse(answer.body as string), null, 2) };
}

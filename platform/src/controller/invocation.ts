import { CompletionTimeout, NoInvokerAvailable } from '../balancer/loadBalancer';
import type { PlatformConfig } from '../config/settings';
import { parseSize } from '../config/units';
import { fullRecordText } from '../model/activationJson';
import { documentId } from '../model/entities';
import type { Identity } from '../model/identity';
import type { RuntimesManifest } from '../model/runtimesManifest';
import type { ActionRunner, Outcome, Step } from './actionCall';
import type { ActionResolver, ResolvedAction } from './actionResolver';
import { deprecatedText } from './actions';
import { readWaitOptions, type WaitOptions } from './activationWait';
import { type CallContext, ownsNamespace } from './context';
import { requireJson } from './entityBody';
import { type Answer, jsonAnswer } from './http/answer';
import { BadRequest, ContentTooLarge, InternalError, NotAuthorized, Unavailable } from './http/errors';
import type { ApiRequest, Transaction } from './http/request';
import type { PackageResolver } from './packageResolver';
import { type Payload, readPayload } from './payload';
import type { Throttles } from './throttles';

const overrideRefused = 'Request defines parameters that are not allowed (e.g., reserved properties).';
const httpStatus = [200, 502, 502, 500] as const;

/** POST on an action: reference invocation, section 1. */
export class Invocation {
  constructor(
    private readonly resolver: ActionResolver,
    private readonly packages: PackageResolver,
    private readonly runner: ActionRunner,
    private readonly throttles: Throttles,
    private readonly manifest: RuntimesManifest,
    private readonly config: PlatformConfig,
  ) {}

  /** In OpenWhisk's order: throttle, right, size, query and body, action, final parameters, runtime. */
  async post(context: CallContext, packageName: string | undefined, name: string): Promise<Answer> {
    const { caller, namespace, request } = context;
    this.throttles.invoke(caller);
    if (packageName !== undefined) await this.packages.resolve(caller, documentId(namespace, packageName));
    else if (!ownsNamespace(context)) throw new NotAuthorized(documentId(namespace, name));
    checkPayloadSize(request, caller, this.config);
    requireJson(request);
    const options = readWaitOptions(request.query, this.config.limits);
    const payload = readPayload(request.body);
    const resolved = await this.resolver.resolve(caller, namespace, packageName, name);
    const outcome = await this.run(caller, resolved, payload, request.transaction, options);
    return outcomeAnswer(outcome, options);
  }

  /** Runs a resolved action; used by everything that leads to one. */
  async run(
    caller: Identity,
    resolved: ResolvedAction,
    payload: Payload,
    transaction: Transaction,
    options: WaitOptions,
    step?: Step,
  ): Promise<Outcome> {
    for (const key of resolved.immutable) if (Object.hasOwn(payload.object, key)) throw new BadRequest(overrideRefused);
    const { kind } = resolved.action.exec;
    if (this.manifest.get(kind)?.deprecated) throw new BadRequest(deprecatedText(kind));
    try {
      return await this.runner.run({
        caller,
        resolved,
        payload,
        transaction,
        blocking: options.blocking,
        wait: options.timeout,
        ...(step ? { step } : {}),
      });
    } catch (error) {
      if (error instanceof NoInvokerAvailable) throw new Unavailable(error.message);
      if (error instanceof CompletionTimeout) throw new InternalError();
      throw error;
    }
  }
}

/** The announced length counts, as in OpenWhisk; a body without one is bounded by the server. */
export function checkPayloadSize(request: ApiRequest, caller: Identity, config: PlatformConfig): void {
  const own = caller.limits.maxPayloadSize;
  const allowed = own === undefined ? config.limits.payload : Math.min(parseSize(own), config.limits.payload);
  const is = Number(request.headers['content-length'] ?? request.bodyLength);
  if (is > allowed) throw new ContentTooLarge(`Request larger than allowed: ${is} > ${allowed} bytes.`);
}

export function outcomeAnswer({ activationId, record }: Outcome, options: WaitOptions): Answer {
  if (!record) return { ...jsonAnswer(`{"activationId":"${activationId}"}`, 202), activationId };
  const { statusCode, result } = record.response;
  const status = httpStatus[statusCode];
  // a successful array is the whole body, whatever was asked for
  const bare = options.resultOnly || (statusCode === 0 && result?.startsWith('['));
  return { ...jsonAnswer(bare ? (result ?? '{}') : fullRecordText(record), status), activationId };
}

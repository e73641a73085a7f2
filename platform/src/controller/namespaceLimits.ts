import type { SystemLimits } from '../config/settings';
import { type CallContext, ownsNamespace } from './context';
import { type Answer, jsonAnswer } from './http/answer';
import { NotAuthorized } from './http/errors';

/** GET `/namespaces/{ns}/limits`: the namespace's limits with the defaults filled in (reference rest-api, section 8). */
export function getLimits(context: CallContext, system: SystemLimits): Answer {
  if (!ownsNamespace(context)) throw new NotAuthorized(context.namespace);
  const own = context.caller.limits;
  const concurrentInvocations = own.concurrentInvocations ?? system.concurrentInvocations;
  return jsonAnswer(
    JSON.stringify({
      ...own,
      invocationsPerMinute: own.invocationsPerMinute ?? system.invocationsPerMinute,
      concurrentInvocations,
      firesPerMinute: own.firesPerMinute ?? system.firesPerMinute,
      minActionMemory: own.minActionMemory ?? system.memory.min,
      maxActionMemory: own.maxActionMemory ?? system.memory.max,
      minActionLogs: own.minActionLogs ?? system.logs.min,
      maxActionLogs: own.maxActionLogs ?? system.logs.max,
      minActionTimeout: own.minActionTimeout ?? system.timeout.min,
      maxActionTimeout: own.maxActionTimeout ?? system.timeout.max,
      minActionConcurrency: own.minActionConcurrency ?? system.concurrency.min,
      maxActionConcurrency: own.maxActionConcurrency ?? system.concurrency.max,
      maxParameterSize: own.maxParameterSize ?? `${system.parameterSize} B`,
      maxActionInstances: own.maxActionInstances ?? concurrentInvocations,
    }),
  );
}

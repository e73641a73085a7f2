import { z } from 'zod';
import type { NamespaceLimits } from '../model/identity';
import { AdminError } from './adminErrors';

const count = z.number().int().min(0);
const size = z.string().regex(/^\d+ ?[kKmMgG]?[bB]?$/, "must be a size such as '1048576 B'");

/** The `<namespace>/limits` document: reference invocation, section 11. */
const limitsSchema = z.strictObject({
  invocationsPerMinute: count.optional(),
  concurrentInvocations: count.optional(),
  firesPerMinute: count.optional(),
  allowedKinds: z.array(z.string()).optional(),
  storeActivations: z.boolean().optional(),
  minActionMemory: count.optional(),
  maxActionMemory: count.optional(),
  minActionLogs: count.optional(),
  maxActionLogs: count.optional(),
  minActionTimeout: count.optional(),
  maxActionTimeout: count.optional(),
  minActionConcurrency: count.optional(),
  maxActionConcurrency: count.optional(),
  maxActionInstances: count.optional(),
  maxParameterSize: size.optional(),
  maxPayloadSize: size.optional(),
  truncationSize: size.optional(),
  warmedContainerKeepingCount: count.optional(),
  warmedContainerKeepingTimeout: z.string().optional(),
}) satisfies z.ZodType<NamespaceLimits>;

export function checkLimits(limits: unknown): void {
  const checked = limitsSchema.safeParse(limits);
  if (checked.success) return;
  const issue = checked.error.issues[0]!;
  throw new AdminError(400, `limits${issue.path.length > 0 ? `.${issue.path.join('.')}` : ''}: ${issue.message}`);
}

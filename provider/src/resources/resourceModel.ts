import type { AdminClient } from '../openwhisk/adminClient';
import type { OpenWhiskClient } from '../openwhisk/openWhiskClient';
import type { PropertyPath } from './propertyPath';
import type { ValueMap } from './values';

/** One input that cannot be accepted, and why, in a sentence for the person who wrote it. */
export interface CheckFailure {
  path: PropertyPath;
  reason: string;
}

export interface CheckRequest {
  /** The name the program gave the resource; the default of its physical name. */
  logicalName: string;
  /** A physical name the engine wants instead: as a suggestion, or as an order. */
  proposedName?: string;
  inputs: ValueMap;
  /** The inputs of the last deployment; absent for a new resource. */
  oldInputs?: ValueMap;
}

export interface CheckResult {
  /** The inputs with defaults and computed parts filled in. */
  inputs: ValueMap;
  failures: CheckFailure[];
}

export type ChangeKind = 'add' | 'update' | 'delete';

export interface PropertyChange {
  path: PropertyPath;
  kind: ChangeKind;
  /** This change can only be made by a new resource in place of the old one. */
  replace?: boolean;
}

export interface DiffRequest {
  id: string;
  oldInputs: ValueMap;
  oldOutputs: ValueMap;
  inputs: ValueMap;
  /** Top-level properties whose changes the program asked to leave alone. */
  ignored: ReadonlySet<string>;
}

export interface DiffResult {
  changes: PropertyChange[];
}

export type UpdateRequest = DiffRequest;

export interface Created {
  id: string;
  outputs: ValueMap;
}

export interface ReadRequest {
  id: string;
  /** What was last deployed; both absent when the resource is being imported. */
  oldInputs?: ValueMap;
  oldOutputs?: ValueMap;
}

export interface ReadResult {
  id: string;
  /** Inputs that would produce the live resource: the old ones where they still do. */
  inputs: ValueMap;
  outputs: ValueMap;
}

export type LogSeverity = 'debug' | 'info' | 'warning' | 'error';

/** What an operation may use: the connections, who to tell, and when to stop. */
export interface OperationContext {
  /** The API host. Throws a `ConfigurationError` when the provider was given none. */
  openwhisk(): OpenWhiskClient;
  /** The admin API. Throws a `ConfigurationError` when the provider was given none. */
  admin(): AdminClient;
  /** The name the program gave the resource. */
  readonly logicalName: string;
  /** What names the resource among all of all stacks; absent outside of an engine. */
  readonly urn?: string;
  /** The namespace the provider was configured with; `undefined` for "the key's own". */
  readonly defaultNamespace: string | undefined;
  /** The folder relative paths of code are resolved against: where the program runs. */
  readonly programFolder: string;
  /** The folder relative paths of the local target are resolved against: the project's root. */
  readonly projectRoot: string;
  readonly signal: AbortSignal;
  /** `performance.now()` at which the operation must have ended. */
  readonly deadline: number;
  readonly maxRetries?: number;
  /** `status` lines are shown while the operation runs and then forgotten. */
  log(severity: LogSeverity, message: string, options?: { status?: boolean }): void;
}

/**
 * One kind of resource: what its inputs are, what counts as a change, and how it is made, read and removed. It knows nothing
 * of the engine that drives it, so the same model can serve several.
 */
export interface ResourceModel {
  /** The properties whose values are secret whatever they were made from. */
  readonly secretOutputs: readonly string[];
  /** The inputs that make up its place: while they stay the same, an old and a new resource cannot exist side by side. */
  readonly identity: readonly string[];
  check(request: CheckRequest, context: OperationContext): Promise<CheckResult>;
  diff(request: DiffRequest, context: OperationContext): Promise<DiffResult>;
  /** The outputs a create (no `old`) or an update would have, as far as they can be known without doing it. */
  predict(
    inputs: ValueMap,
    old: { id: string; inputs: ValueMap; outputs: ValueMap } | undefined,
    context: OperationContext,
  ): Promise<Created>;
  create(inputs: ValueMap, context: OperationContext): Promise<Created>;
  /** `undefined` when the resource is gone. */
  read(request: ReadRequest, context: OperationContext): Promise<ReadResult | undefined>;
  update(request: UpdateRequest, context: OperationContext): Promise<ValueMap>;
  /** Succeeds when the resource is gone already. */
  delete(id: string, outputs: ValueMap, inputs: ValueMap, context: OperationContext): Promise<void>;
}

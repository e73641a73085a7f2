import type { ValueMap } from './values';

/** An operation needs a provider setting that was not given. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** An id given to import or read does not have the form its resource type uses. */
export class ResourceIdError extends Error {
  override readonly name = 'ResourceIdError';
}

/** A resource to be created is there already. */
export class AlreadyExistsError extends Error {
  override readonly name = 'AlreadyExistsError';
}

/** The code of an action cannot be read or packed. */
export class CodeError extends Error {
  override readonly name = 'CodeError';
}

/** A feed action refused what it was told. `gone`: because the feed, or what it knows of the trigger, is not there. */
export class FeedError extends Error {
  override readonly name = 'FeedError';
  constructor(
    message: string,
    readonly gone: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The live entity exists but is of another sort than the resource that manages it. */
export class EntityMismatchError extends Error {
  override readonly name = 'EntityMismatchError';
}

/** The resource was created or changed, but a later step failed: what is there must be remembered, or it would be lost. */
export class PartialFailureError extends Error {
  override readonly name = 'PartialFailureError';
  constructor(
    readonly id: string,
    readonly outputs: ValueMap,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

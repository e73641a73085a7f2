/** A component that was built, or what is wrong with its arguments: plain data, because it comes from another bundle. */
export type Constructed =
  | { urn: string; state: Record<string, unknown>; dependencies: Record<string, string[]> }
  | { message: string; problems: readonly ArgumentProblem[] };

interface ArgumentProblem {
  propertyPath: string;
  reason: string;
}

/** Arguments of a component that cannot be accepted. */
export class InvalidArgumentsError extends Error {
  override readonly name = 'InvalidArgumentsError';
  constructor(
    message: string,
    readonly problems: readonly ArgumentProblem[],
  ) {
    super(message);
  }
}

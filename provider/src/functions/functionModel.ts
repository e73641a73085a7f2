import type { InputSort } from '../resources/inputCheck';
import type { CheckFailure, OperationContext } from '../resources/resourceModel';
import type { ValueMap } from '../resources/values';

/** A function of the package: a question a program asks while it runs. It knows nothing of the engine that asks. */
export interface FunctionModel {
  /** The arguments there are, with their sorts. */
  readonly arguments: Readonly<Record<string, InputSort>>;
  readonly required: readonly string[];
  /** The properties of the answer, for when it cannot be known yet. */
  readonly answer: readonly string[];
  check?(args: ValueMap): CheckFailure[];
  call(args: ValueMap, context: OperationContext): Promise<ValueMap>;
}

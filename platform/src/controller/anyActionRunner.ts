import { annotationOf, isTruthy } from '../model/parameters';
import type { ActionCall, ActionRunner, Outcome } from './actionCall';
import type { ActionResolver } from './actionResolver';
import { CompositionRunner } from './compositionRunner';
import type { Orchestrations } from './orchestration';
import type { PrimitiveInvoker } from './primitiveInvoker';
import type { SequenceComponents } from './sequenceComponents';
import { SequenceRunner } from './sequenceRunner';

/** Tells sequences, compositions and primitive actions apart. */
export class AnyActionRunner implements ActionRunner {
  private readonly sequences: SequenceRunner;
  private readonly compositions: CompositionRunner;

  constructor(
    private readonly primitive: PrimitiveInvoker,
    resolver: ActionResolver,
    components: SequenceComponents,
    orchestrations: Orchestrations,
    maxLength: number,
  ) {
    this.sequences = new SequenceRunner(this, resolver, components, orchestrations, maxLength);
    this.compositions = new CompositionRunner(this, primitive, resolver, orchestrations, maxLength);
  }

  run(call: ActionCall): Promise<Outcome> {
    const { exec, annotations } = call.resolved.action;
    if (exec.kind === 'sequence' && 'components' in exec) return this.sequences.run(call, exec.components);
    const conductor = annotationOf(annotations, 'conductor');
    if (conductor !== undefined && isTruthy(conductor)) return this.compositions.run(call);
    return this.primitive.invoke(call);
  }
}

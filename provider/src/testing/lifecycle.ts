import { formatPropertyPath } from '../resources/propertyPath';
import type { OperationContext, PropertyChange, ReadResult, ResourceModel } from '../resources/resourceModel';
import type { ValueMap } from '../resources/values';

/** A deployed resource as an engine remembers it. */
export interface Deployed {
  id: string;
  inputs: ValueMap;
  outputs: ValueMap;
}

/** Drives one resource through its life the way an engine does. */
export class Lifecycle {
  constructor(
    private readonly model: ResourceModel,
    private readonly context: OperationContext,
  ) {}

  async check(inputs: ValueMap, old?: Deployed): Promise<ValueMap> {
    const request = { logicalName: this.context.logicalName, inputs, ...(old === undefined ? {} : { oldInputs: old.inputs }) };
    const { inputs: checked, failures } = await this.model.check(request, this.context);
    if (failures.length > 0) throw new Error(failures.map(({ path, reason }) => `${formatPropertyPath(path)} ${reason}`).join('\n'));
    return checked;
  }

  async failures(inputs: ValueMap): Promise<Record<string, string>> {
    const { failures } = await this.model.check({ logicalName: this.context.logicalName, inputs }, this.context);
    return Object.fromEntries(failures.map(({ path, reason }) => [formatPropertyPath(path), reason]));
  }

  async create(inputs: ValueMap): Promise<Deployed> {
    const checked = await this.check(inputs);
    const { id, outputs } = await this.model.create(checked, this.context);
    return { id, inputs: checked, outputs };
  }

  /** The changes as `kind path`, with `replace` in front of those that need it. */
  async diff(old: Deployed, inputs: ValueMap, ignored: string[] = []): Promise<string[]> {
    const request = await this.request(old, inputs, ignored);
    const { changes } = await this.model.diff(request, this.context);
    return changes.map(describe).sort();
  }

  async update(old: Deployed, inputs: ValueMap, ignored: string[] = []): Promise<Deployed> {
    const request = await this.request(old, inputs, ignored);
    return { id: old.id, inputs: request.inputs, outputs: await this.model.update(request, this.context) };
  }

  async refresh(old: Deployed): Promise<ReadResult | undefined> {
    return this.model.read({ id: old.id, oldInputs: old.inputs, oldOutputs: old.outputs }, this.context);
  }

  async import(id: string): Promise<ReadResult | undefined> {
    return this.model.read({ id }, this.context);
  }

  async delete(old: Deployed): Promise<void> {
    await this.model.delete(old.id, old.outputs, old.inputs, this.context);
  }

  async predict(inputs: ValueMap, old?: Deployed): Promise<{ id: string; outputs: ValueMap }> {
    return this.model.predict(await this.check(inputs, old), old, this.context);
  }

  private async request(old: Deployed, inputs: ValueMap, ignored: string[]) {
    return {
      id: old.id,
      oldInputs: old.inputs,
      oldOutputs: old.outputs,
      inputs: await this.check(inputs, old),
      ignored: new Set(ignored),
    };
  }
}

function describe({ path, kind, replace }: PropertyChange): string {
  return `${replace ? 'replace ' : ''}${kind} ${formatPropertyPath(path)}`;
}

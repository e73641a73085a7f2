import type { ActionDocument } from '../model/entities';
import type { SequenceExec } from '../model/exec';
import type { Identity } from '../model/identity';
import { namespaceOf, packageOf, parseFullyQualifiedName, qualified, resolveNamespace } from '../model/names';
import type { Entities } from './entities';
import { BadRequest, NoSuchResource, NotAuthorized, NotInCollection } from './http/errors';
import type { PackageResolver } from './packageResolver';

const missing = 'Sequence component does not exist.';

/** What a sequence may be made of: reference rest-api, section 3.3. */
export class SequenceComponents {
  constructor(
    private readonly entities: Entities,
    private readonly packages: PackageResolver,
    private readonly maxLength: number,
  ) {}

  /** `_` becomes the caller's namespace. */
  qualify(components: string[], callersNamespace: string): string[] {
    return components.map((c) => `/${qualified(resolveNamespace(parseFullyQualifiedName(c), callersNamespace))}`);
  }

  /** READ on every component: those of others only in packages that may be read. Throws one NotAuthorized naming all. */
  async checkRights(caller: Identity, components: readonly string[]): Promise<void> {
    const refused: string[] = [];
    for (const component of new Set(components)) {
      const id = component.slice(1);
      const { path } = parseFullyQualifiedName(id);
      const pkg = packageOf(path);
      if (pkg === undefined) {
        if (namespaceOf(path) !== caller.namespace.name) refused.push(id);
        continue;
      }
      try {
        await this.packages.resolve(caller, path);
      } catch (error) {
        if (!(error instanceof NotAuthorized)) throw error;
        refused.push(...error.resources);
      }
    }
    if (refused.length > 0) throw new NotAuthorized(...new Set(refused));
  }

  /** Length (nested sequences expanded), self-reference and existence. `id` is the sequence's own. */
  async check(exec: SequenceExec, id: string, isNew: boolean): Promise<void> {
    if (!isNew) return;
    if (exec.components.length === 0) throw new BadRequest('No component specified for the sequence.');
    if (exec.components.length > this.maxLength) throw new BadRequest('Too many actions in the sequence.');
    const length = await this.atomicLength(exec.components, id);
    if (length > this.maxLength) throw new BadRequest('Too many actions in the sequence.');
  }

  private async atomicLength(components: readonly string[], sequence: string): Promise<number> {
    let length = 0;
    for (const component of components) {
      const action = await this.component(component.slice(1));
      if (`${action.namespace}/${action.name}` === sequence) throw new BadRequest('Sequence may not refer to itself.');
      if (action.exec.kind === 'sequence' && 'components' in action.exec)
        length += await this.atomicLength(action.exec.components, sequence);
      else length++;
      if (length > this.maxLength) return length;
    }
    return length;
  }

  private async component(id: string): Promise<ActionDocument> {
    const resolved = await this.throughBinding(id);
    const stored = await this.entities.find(resolved);
    if (!stored) throw new BadRequest(missing);
    if (stored.document.type !== 'actions') throw new NotInCollection();
    return stored.document;
  }

  private async throughBinding(id: string): Promise<string> {
    const { path, name } = parseFullyQualifiedName(id);
    if (packageOf(path) === undefined) return id;
    const found = await this.entities.find(path);
    if (!found) throw new NoSuchResource();
    if (found.document.type !== 'packages') throw new NotInCollection();
    const { binding } = found.document;
    return binding ? `${binding.namespace}/${binding.name}/${name}` : id;
  }
}

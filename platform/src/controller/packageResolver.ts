import type { PackageDocument } from '../model/entities';
import type { Identity } from '../model/identity';
import { namespaceOf } from '../model/names';
import type { Stored } from '../store/artifactStore';
import type { Entities } from './entities';
import { NoSuchResource, NotAuthorized, NotInCollection } from './http/errors';

/** A package as it was named, and the package its actions live in: the same, or the provider behind a binding. */
export interface ResolvedPackage {
  named: Stored<PackageDocument>;
  provider: Stored<PackageDocument>;
  /** Set when `named` is a binding. */
  isBinding: boolean;
}

/**
 * Finds a package and checks READ on it (reference invocation, section 9): own packages always, others' when published,
 * bindings in the own namespace when the provider may be read.
 */
export class PackageResolver {
  constructor(private readonly entities: Entities) {}

  async resolve(caller: Identity, id: string): Promise<ResolvedPackage> {
    const own = namespaceOf(id) === caller.namespace.name;
    const named = await this.find(id);
    if (!named) {
      if (own) throw new NoSuchResource();
      throw new NotAuthorized(id);
    }
    const { binding, publish } = named.document;
    if (!own && (!publish || binding)) throw new NotAuthorized(id);
    if (!binding) return { named, provider: named, isBinding: false };
    const provider = await this.find(`${binding.namespace}/${binding.name}`);
    const ownProvider = binding.namespace === caller.namespace.name;
    if (!ownProvider && !provider?.document.publish) throw new NotAuthorized(id);
    if (!provider) throw new NoSuchResource();
    return { named, provider, isBinding: true };
  }

  private async find(id: string): Promise<Stored<PackageDocument> | undefined> {
    const stored = await this.entities.find(id);
    if (stored && stored.document.type !== 'packages') throw new NotInCollection();
    return stored as Stored<PackageDocument> | undefined;
  }
}

import type { ProgramMap } from './programValue';

export type EntityType = 'Package' | 'PackageBinding' | 'Action' | 'Sequence' | 'Trigger' | 'Rule';
/** In the order in which a program declares them, so that each is there before it is named. */
export const ENTITY_TYPES: readonly EntityType[] = ['Package', 'PackageBinding', 'Action', 'Sequence', 'Trigger', 'Rule'];

/** Where an entity is. */
export interface EntityPlace {
  /** Undefined when the program is to say nothing about it, as for a manifest. */
  readonly namespace?: string;
  /** Of actions and sequences only. */
  readonly package?: string;
  readonly name: string;
}

/** Code of an action, as files to write. */
export type AdoptedCode =
  | { readonly form: 'file'; readonly extension: string; readonly content: Buffer }
  /** One program that is no text: the platform knows it by this name. */
  | { readonly form: 'binary'; readonly content: Buffer }
  | { readonly form: 'folder'; readonly files: ReadonlyMap<string, Buffer> }
  | { readonly form: 'zip'; readonly content: Buffer }
  | { readonly form: 'remote'; readonly uri: string; readonly archive: boolean };

/** An entity that becomes a resource of the program. */
export interface AdoptedEntity {
  readonly type: EntityType;
  readonly place: EntityPlace;
  /** Inputs of the resource, without name, namespace, package of an action, and code. References are `/namespace/...` or relative. */
  readonly inputs: ProgramMap;
  readonly code?: AdoptedCode;
}

/** Where a program finds what it was made from: settings of the provider. */
export interface AdoptedHost {
  readonly apiHost: string;
  readonly namespace: string;
  /** How its certificate is trusted, when that takes more than what every program trusts. */
  readonly insecure?: boolean;
  readonly caCertificate?: string;
}

/** What a namespace or a manifest holds. */
export interface Adoption {
  /** Of the project and its configuration. */
  readonly projectName: string;
  /** For people: "the namespace guest of http://127.0.0.1:3233". */
  readonly origin: string;
  /** Absent when the program is for any host. */
  readonly host?: AdoptedHost;
  readonly entities: readonly AdoptedEntity[];
  /** What was not taken over, and why, a sentence each. */
  readonly warnings: readonly string[];
}

/** `namespace/package/name`, the id that `pulumi import` takes. */
export function idOf(place: EntityPlace): string {
  return [place.namespace, place.package, place.name].filter((part) => part !== undefined).join('/');
}

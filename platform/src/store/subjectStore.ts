import type { Identity, NamespaceLimits } from '../model/identity';

export interface NamespaceKey {
  name: string;
  uuid: string;
  key: string;
}

/** A subject with its namespaces, each with a key of its own. */
export interface SubjectDocument {
  subject: string;
  blocked: boolean;
  namespaces: NamespaceKey[];
}

/** A namespace as an administrator sees it. */
export interface NamespaceEntry extends NamespaceKey {
  subject: string;
  blocked: boolean;
  limits: NamespaceLimits;
  /** epoch ms */
  created?: number;
}

/** Thrown by `putNamespace` when another namespace has a key with this uuid: a uuid leads to one namespace only. */
export class UuidInUse extends Error {
  constructor(uuid: string) {
    super(`The uuid ${uuid} belongs to the key of another namespace.`);
    this.name = 'UuidInUse';
  }
}

/** Who may call, with what limits. Implementations: `embedded/`, later `couchdb/` with OpenWhisk's views. */
export interface SubjectStore {
  /** The identity of a key; undefined when unknown or blocked. */
  identify(uuid: string, key: string): Promise<Identity | undefined>;
  /** The identity of a namespace's owner, for calls made without a key. */
  identityOf(namespace: string): Promise<Identity | undefined>;
  namespace(name: string): Promise<NamespaceEntry | undefined>;
  namespaces(page: { skip: number; limit: number }): Promise<{ entries: NamespaceEntry[]; total: number }>;
  subject(name: string): Promise<SubjectDocument | undefined>;
  /** Creates or replaces; moves the namespace when the subject differs. Throws UuidInUse. */
  putNamespace(entry: NamespaceEntry): Promise<void>;
  deleteNamespace(name: string): Promise<void>;
  close(): Promise<void>;
}

import { randomBytes, randomUUID } from 'node:crypto';
import type { EntityCollection } from '../model/entities';
import { documentId } from '../model/entities';
import type { NamespaceLimits } from '../model/identity';
import { isEntityName } from '../model/names';
import type { ArtifactStore } from '../store/artifactStore';
import { type NamespaceEntry, type SubjectDocument, type SubjectStore, UuidInUse } from '../store/subjectStore';
import { AdminError } from './adminErrors';
import { checkLimits } from './limitsSchema';

export interface NamespacePut {
  subject?: string;
  /** `uuid:key`, the key 64 characters long; generated when absent. */
  auth?: string;
  limits?: NamespaceLimits;
  /** Of the subject: all its namespaces are blocked or none. */
  blocked?: boolean;
}

const collections: EntityCollection[] = ['rules', 'triggers', 'actions', 'packages'];
const minSubjectLength = 5;

/**
 * Subjects, namespaces, keys and limits. `changed` is told which namespace must no longer be answered from caches, and is waited for: what
 * this says is done counts everywhere.
 */
export class NamespaceAdmin {
  constructor(
    private readonly subjects: SubjectStore,
    private readonly artifacts: ArtifactStore,
    private readonly changed: (namespace: string) => Promise<void> | void,
  ) {}

  async list(skip: number, limit: number): Promise<{ namespaces: NamespaceEntry[]; total: number }> {
    const { entries, total } = await this.subjects.namespaces({ skip, limit });
    return { namespaces: entries, total };
  }

  async get(name: string): Promise<NamespaceEntry> {
    const entry = await this.subjects.namespace(name);
    if (!entry) throw new AdminError(404, `There is no namespace '${name}'.`);
    return entry;
  }

  async put(name: string, put: NamespacePut, overwrite: boolean): Promise<NamespaceEntry> {
    if (!isEntityName(name) || name === '_')
      throw new AdminError(
        400,
        `'${name.slice(0, 100)}' cannot be the name of a namespace: use letters, digits, '_', '-', '.', '@', ' ' and '&', beginning with a letter, digit or '_'.`,
      );
    if (put.subject !== undefined && put.subject.length < minSubjectLength) {
      throw new AdminError(400, `The subject '${put.subject}' is too short: use at least ${minSubjectLength} characters.`);
    }
    if (put.limits) checkLimits(put.limits);
    const before = await this.subjects.namespace(name);
    if (before && !overwrite) throw new AdminError(409, `The namespace '${name}' exists; give overwrite=true to change it.`);
    const key = put.auth === undefined ? (before ?? newKey()) : parseKey(put.auth);
    const subject = put.subject ?? before?.subject ?? defaultSubject(name);
    const created = before ? before.created : Date.now();
    const joined = await this.subjects.subject(subject);
    const entry: NamespaceEntry = {
      name,
      subject,
      uuid: key.uuid,
      key: key.key,
      blocked: put.blocked ?? joined?.blocked ?? before?.blocked ?? false,
      limits: put.limits ?? before?.limits ?? {},
      ...(created === undefined ? {} : { created }),
    };
    await this.save(entry);
    for (const { name: other } of joined?.namespaces ?? []) if (other !== name) await this.setBlocked(other, entry.blocked);
    return entry;
  }

  private async save(entry: NamespaceEntry): Promise<void> {
    try {
      await this.subjects.putNamespace(entry);
    } catch (error) {
      if (error instanceof UuidInUse) throw new AdminError(409, error.message);
      throw error;
    }
    await this.changed(entry.name);
  }

  private async setBlocked(name: string, blocked: boolean): Promise<void> {
    const entry = await this.subjects.namespace(name);
    if (entry && entry.blocked !== blocked) await this.save({ ...entry, blocked });
  }

  /** The old key is dead when this returns. */
  async rotateKey(name: string, auth: string | undefined): Promise<NamespaceEntry> {
    const entry = { ...(await this.get(name)), ...(auth === undefined ? newKey() : parseKey(auth)) };
    await this.save(entry);
    return entry;
  }

  async delete(name: string, force: boolean): Promise<void> {
    await this.get(name);
    for (const collection of collections) {
      for (const { namespace, name: entity } of await this.artifacts.list({ collection, namespace: name, skip: 0, limit: 0 })) {
        if (!force) throw new AdminError(409, `The namespace '${name}' has ${collection} in it; delete them, or give force=true.`);
        const id = documentId(namespace, entity);
        const stored = await this.artifacts.getWithoutCode(id);
        if (stored) await this.artifacts.delete(id, stored.revision);
      }
    }
    await this.subjects.deleteNamespace(name);
    await this.changed(name);
  }

  /** Whose key it is; blocked subjects have none. `auth` is `uuid:key`. */
  async identify(auth: string): Promise<{ subject: string; namespace: string }> {
    const { uuid, key } = parseKey(auth);
    const identity = await this.subjects.identify(uuid, key);
    if (!identity) throw new AdminError(404, 'Nobody has this key.');
    return { subject: identity.subject, namespace: identity.namespace.name };
  }

  async subject(name: string): Promise<SubjectDocument> {
    const subject = await this.subjects.subject(name);
    if (!subject) throw new AdminError(404, `There is no subject '${name}'.`);
    return subject;
  }
}

function newKey(): { uuid: string; key: string } {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  let key = '';
  // bytes past the last whole multiple of the alphabet are left out, so every character is equally likely
  while (key.length < 64) for (const byte of randomBytes(64)) if (byte < 248 && key.length < 64) key += alphabet[byte % 62];
  return { uuid: randomUUID(), key };
}

function parseKey(auth: string): { uuid: string; key: string } {
  const found = /^([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}):(\S{64})$/.exec(auth);
  if (!found) throw new AdminError(400, "'auth' must be a UUID, a colon and a key of exactly 64 characters.");
  return { uuid: found[1]!, key: found[2]! };
}

function defaultSubject(name: string): string {
  return name.length >= minSubjectLength ? name : `${name}-user`;
}

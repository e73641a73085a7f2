import { crc32 } from 'node:zlib';
import type { Database, RootDatabase } from 'lmdb';
import { documentId, type EntityDocument } from '../../../model/entities';
import { indexKeys, openEntityTables } from '../embeddedArtifactStore';
import { openSubjectTables } from '../embeddedSubjectStore';
import type { Finding } from './finding';

/** Documents against their checksums, code against documents, the index against both ways, keys against namespaces. */
export function* checkEntities(root: RootDatabase): Generator<Finding> {
  const { documents, codes, byUpdated } = openEntityTables(root);
  const expected = new Set<string>();
  for (const id of documents.getKeys()) {
    const where = `entity ${id}`;
    const envelope = readable(documents, id);
    const problem = envelope ? problemOf(id, envelope) : 'its document cannot be read';
    if (problem !== undefined || !envelope) {
      yield { where, problem: `${problem}.` };
      continue;
    }
    const { document, codeCrc } = envelope;
    yield* checkCode(where, document, codeCrc, readable(codes, id));
    for (const key of indexKeys(id, document)) {
      expected.add(JSON.stringify(key));
      if (!byUpdated.doesExist(key)) {
        yield { where, problem: `it is missing in the listing of ${key[1]}.`, repair: () => void byUpdated.putSync(key, '') };
      }
    }
  }
  for (const key of byUpdated.getKeys()) {
    if (expected.has(JSON.stringify(key))) continue;
    // a document that cannot be read may be what this entry is about
    if (Array.isArray(key) && documents.doesExist(String(key[3])) && !readable(documents, String(key[3]))) continue;
    yield {
      where: `listing entry ${JSON.stringify(key)}`,
      problem: 'it leads to no entity, or to an older state of one.',
      repair: () => void byUpdated.removeSync(key),
    };
  }
  for (const id of codes.getKeys()) {
    if (!documents.doesExist(id)) {
      yield { where: `code of ${id}`, problem: 'there is no such action.', repair: () => void codes.removeSync(id) };
    }
  }
}

function* checkCode(where: string, document: EntityDocument, codeCrc: number | undefined, code: string | undefined): Generator<Finding> {
  if (document.type !== 'actions' || document.exec.kind === 'sequence' || !('code' in document.exec)) return;
  if (code === undefined) yield { where, problem: 'its code is missing.' };
  else if (codeCrc !== undefined && crc32(code) !== codeCrc) yield { where, problem: 'its code is damaged: the checksum differs.' };
}

function problemOf(
  id: string,
  { revision, document, crc }: { revision?: string; document?: EntityDocument; crc?: number },
): string | undefined {
  if (!document || typeof document !== 'object' || !/^\d+-[0-9a-f]+$/.test(revision ?? '')) return 'its document is not one of an entity';
  if (documentId(document.namespace, document.name) !== id) return 'its document has another name';
  if (crc !== undefined && crc32(JSON.stringify(document)) !== crc) return 'its document is damaged: the checksum differs';
  return undefined;
}

export function* checkSubjects(root: RootDatabase): Generator<Finding> {
  const { entries, nameOfUuid } = openSubjectTables(root);
  const uuids = new Map<string, string>();
  for (const name of entries.getKeys()) {
    const entry = readable(entries, name);
    if (!entry || typeof entry.uuid !== 'string' || typeof entry.key !== 'string' || entry.name !== name) {
      yield { where: `namespace ${name}`, problem: 'its entry cannot be read.' };
      continue;
    }
    const { uuid } = entry;
    uuids.set(uuid, name);
    if (nameOfUuid.get(uuid) !== name) {
      yield { where: `namespace ${name}`, problem: 'its key leads nowhere.', repair: () => void nameOfUuid.putSync(uuid, name) };
    }
  }
  for (const uuid of nameOfUuid.getKeys()) {
    if (uuids.has(uuid)) continue;
    const name = nameOfUuid.get(uuid)!;
    if (entries.doesExist(name) && !readable(entries, name)) continue;
    yield { where: `key ${uuid}`, problem: 'it leads to no namespace.', repair: () => void nameOfUuid.removeSync(uuid) };
  }
}

function readable<V, K extends string>(table: Database<V, K>, key: K): V | undefined {
  try {
    return table.get(key);
  } catch {
    return undefined;
  }
}

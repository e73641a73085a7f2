import { createHash, randomUUID } from 'node:crypto';
import type { ActionDocument, EntityCollection, EntityDocument } from '../../model/entities';
import type { Exec } from '../../model/exec';
import { isJsonObject } from '../../model/json';
import { parseReference } from '../../model/names';

/** Code outside `exec`: where it is kept, and what it is. */
interface CodeReference {
  attachmentName: string;
  attachmentType: string;
  length?: number;
  digest?: string;
}

/** An attachment in the document that is written, or, as the stub that was read, one that stays as it is. */
export type Attachment = { content_type: string; data: string } | { stub: true };

type Fields = Record<string, unknown>;

/** Code up to this many bytes stands in the document itself. */
const maxInline = 16 * 1024;

/** The value of `entityType`. */
export const entityTypes: Record<EntityCollection, string> = { actions: 'action', triggers: 'trigger', rules: 'rule', packages: 'package' };

/** The document of an entity as OpenWhisk stores it (reference couchdb, sections 3 and 4). Large code becomes an attachment. */
export function documentOf(entity: EntityDocument): { fields: Fields; attachments: Record<string, Attachment> } {
  const { type, namespace, name, version, publish, annotations, updated, ...rest } = entity;
  const fields: Fields = { entityType: entityTypes[type], namespace, name, version, publish, annotations, updated, ...rest };
  const attachments: Record<string, Attachment> = {};
  if (entity.type === 'packages') fields.binding = entity.binding ?? {};
  if (entity.type === 'triggers') fields.limits = {};
  if (entity.type === 'actions' && hasCode(entity.exec)) {
    const { code, binary } = entity.exec;
    const bytes = Buffer.from(code, binary ? 'base64' : 'utf8');
    const reference: CodeReference = {
      attachmentName: `mem:${bytes.toString('base64url')}`,
      attachmentType: binary ? 'application/octet-stream' : 'text/plain; charset=UTF-8',
    };
    if (bytes.length > maxInline) {
      const attachment = randomUUID();
      reference.attachmentName = `couch:${attachment}`;
      attachments[attachment] = { content_type: reference.attachmentType, data: binary ? code : bytes.toString('base64') };
    }
    reference.length = bytes.length;
    reference.digest = `sha256-${createHash('sha256').update(bytes).digest('hex')}`;
    fields.exec = { ...entity.exec, code: reference };
  }
  return { fields, attachments };
}

/** The document of an action whose stored code stays: `stored` is what the database has. */
export function documentKeepingCode(entity: ActionDocument, stored: Fields): { fields: Fields; attachments: Record<string, Attachment> } {
  const { fields } = documentOf({ ...entity, exec: { kind: 'sequence', components: [] } });
  const before = isJsonObject(stored.exec) ? (stored.exec as Fields).code : undefined;
  const attachments = (stored._attachments as Record<string, Attachment> | undefined) ?? {};
  return { fields: { ...fields, exec: { ...entity.exec, code: before } }, attachments };
}

/**
 * An entity from its document. `attachments` are those that came along, by name, in base64; without them code is left empty. Throws
 * TypeError for what is no entity.
 */
export function entityOf(fields: Fields, attachments?: Readonly<Record<string, { data?: string }>>): EntityDocument {
  const base = {
    namespace: String(fields.namespace),
    name: String(fields.name),
    version: String(fields.version),
    publish: fields.publish === true,
    annotations: (fields.annotations as never) ?? [],
    updated: Number(fields.updated ?? 0),
  };
  const parameters = (fields.parameters as never) ?? [];
  switch (typeOf(fields)) {
    case 'actions':
      return { type: 'actions', ...base, exec: execOf(fields.exec as Fields, attachments), parameters, limits: fields.limits as never };
    case 'rules':
      return { type: 'rules', ...base, trigger: parseReference(fields.trigger), action: parseReference(fields.action) };
    case 'packages': {
      const { namespace, name } = (fields.binding || {}) as { namespace?: string; name?: string };
      return { type: 'packages', ...base, parameters, ...(namespace && name ? { binding: { namespace, name } } : {}) };
    }
    default:
      return { type: 'triggers', ...base, parameters, ...(fields.rules ? { rules: fields.rules as never } : {}) };
  }
}

function typeOf(fields: Fields): EntityCollection {
  const named = Object.entries(entityTypes).find(([, type]) => type === fields.entityType);
  if (named) return named[0] as EntityCollection;
  // documents of old platforms have no type
  if (isJsonObject(fields.exec)) return 'actions';
  if (fields.trigger) return 'rules';
  if (isJsonObject(fields.binding)) return 'packages';
  if (Array.isArray(fields.parameters)) return 'triggers';
  throw new TypeError(`The document ${String(fields._id)} is no entity.`);
}

function execOf(exec: Fields, attachments: Readonly<Record<string, { data?: string }>> | undefined): Exec {
  if (exec.code === undefined || exec.kind === 'sequence') return exec as unknown as Exec;
  const binary = exec.binary === true;
  return { ...exec, code: attachments === undefined ? '' : codeOf(exec.code, binary, attachments) } as unknown as Exec;
}

function codeOf(code: unknown, binary: boolean, attachments: Readonly<Record<string, { data?: string }>>): string {
  if (typeof code === 'string') return code;
  const { attachmentName } = code as CodeReference;
  if (attachmentName.startsWith('mem:')) {
    return Buffer.from(attachmentName.slice('mem:'.length), 'base64url').toString(binary ? 'base64' : 'utf8');
  }
  const data = attachments[attachmentName.replace(/^couch:/, '')]?.data;
  if (data === undefined) throw new TypeError(`The code of the action is not in the database: ${attachmentName.slice(0, 60)}.`);
  return binary ? data : Buffer.from(data, 'base64').toString('utf8');
}

function hasCode(exec: Exec): exec is Exec & { code: string; binary: boolean } {
  return exec.kind !== 'sequence' && 'code' in exec && exec.code !== undefined;
}

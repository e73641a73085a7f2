import { randomBytes, randomUUID } from 'node:crypto';
import type { AdminClient } from './adminClient';
import type { ParsedArguments } from './arguments';

export interface CommandContext {
  admin: AdminClient;
  /** A line of output. */
  print(line: string): void;
}

export type Command = (context: CommandContext, args: ParsedArguments) => Promise<number>;

interface Subject {
  subject: string;
  blocked: boolean;
  namespaces: { name: string; uuid: string; key: string }[];
}

/** What the database says of a document that is not there: the original shows it as it comes. */
export const missing = '{"error":"not_found","reason":"missing"}';
const at = encodeURIComponent;

async function subjectOf(admin: AdminClient, name: string): Promise<Subject | undefined> {
  const { status, json } = await admin('GET', `/v1/subjects/${at(name)}`);
  if (status === 200) return json as Subject;
  if (status === 404) return undefined;
  throw new Error(json.error);
}

export const createUser: Command = async ({ admin, print }, { positional, values, flags }) => {
  const subject = positional[0]!.trim();
  if (subject.length < 5) return fail(print, 'Subject name must be at least 5 characters', 2);
  const namespace = ((values.namespace as string | undefined) ?? subject).trim();
  if (namespace === '') return fail(print, 'Namespace must not be empty', 2);
  const auth = values.auth === undefined ? newAuth() : String(values.auth);
  const [uuid = '', key = ''] = auth.split(':');
  if (!/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(uuid)) return fail(print, 'authorization id is not a valid UUID', 2);
  if (key.length < 64) return fail(print, 'authorization key must be at least 64 characters long', 2);
  if (flags.has('genonly')) return done(print, auth);
  const show = (line: string) => {
    if (!flags.has('silent')) print(line);
  };
  const known = await subjectOf(admin, subject);
  if (known?.blocked) return fail(print, 'The subject you want to edit is blocked', 1);
  if (known?.namespaces.some(({ name }) => name === namespace)) {
    if (!flags.has('revoke')) return fail(print, 'Namespace already exists', 1);
    const { status, json } = await admin('POST', `/v1/namespaces/${at(namespace)}/keys`, values.auth === undefined ? {} : { auth });
    return status === 200 ? done(show, json.auth) : fail(print, `Failed to create subject (${json.error})`, 1);
  }
  const { status, json } = await admin('PUT', `/v1/namespaces/${at(namespace)}`, { subject, auth });
  return status === 200 ? done(show, json.auth) : fail(print, `Failed to create subject (${json.error})`, 1);
};

export const deleteUser: Command = async ({ admin, print }, { positional, values, flags }) => {
  const subject = positional[0]!.trim();
  if (subject === '') return fail(print, 'Subject must not be empty', 2);
  const namespace = (values.namespace as string | undefined)?.trim();
  if (namespace === '') return fail(print, 'Namespace must not be empty', 2);
  const known = await subjectOf(admin, subject);
  if (!known) return fail(print, `Failed to delete subject (${missing})`, 1);
  const gone = namespace === undefined ? known.namespaces : known.namespaces.filter(({ name }) => name === namespace);
  if (gone.length === 0 && namespace !== undefined) return fail(print, `Namespace "${namespace}" does not exist for "${subject}"`, 1);
  for (const { name } of gone) {
    const { status, json } = await admin('DELETE', `/v1/namespaces/${at(name)}${flags.has('force') ? '?force=true' : ''}`);
    if (status === 204) continue;
    return fail(print, `Failed to ${namespace === undefined ? 'delete subject' : 'remove namespace'} (${json.error})`, 1);
  }
  return done(print, namespace === undefined ? 'Subject deleted' : 'Namespace deleted');
};

export const getUser: Command = async ({ admin, print }, { positional, values, flags }) => {
  const [subject = ''] = positional;
  const known = await subjectOf(admin, subject);
  if (!known) return fail(print, `Failed to get subject (${missing})`, 1);
  if (flags.has('all')) {
    for (const { name, uuid, key } of known.namespaces) print(`${name}\t${uuid}:${key}`);
    return 0;
  }
  const namespace = (values.namespace as string | undefined) ?? subject;
  const found = known.namespaces.find(({ name }) => name === namespace);
  if (!found) return fail(print, `namespace "${namespace}" not found for "${subject}"`, 1);
  return done(print, `${found.uuid}:${found.key}`);
};

export const whoisUser: Command = async ({ admin, print }, { positional }) => {
  const { status, json } = await admin('POST', '/v1/identities', { auth: positional[0]! });
  // what is no key at all belongs to nobody either
  if (status === 404 || status === 400) return done(print, 'Subject id is not recognized');
  if (status !== 200) return fail(print, `Failed to get subject (${json.error})`, 1);
  print(`subject: ${json.subject}`);
  return done(print, `namespace: ${json.namespace}`);
};

/** The exit code is the number of subjects for which it failed. */
function setBlocked(blocked: boolean): Command {
  const word = blocked ? 'block' : 'unblock';
  return async ({ admin, print }, { positional }) => {
    let failed = 0;
    for (const subject of positional.map((text) => text.trim()).filter((text) => text !== '')) {
      const known = await subjectOf(admin, subject);
      const first = known?.namespaces[0]?.name;
      const answer = first === undefined ? undefined : await admin('PUT', `/v1/namespaces/${at(first)}?overwrite=true`, { blocked });
      if (answer?.status === 200) print(`"${subject}" ${word}ed successfully`);
      else {
        print(`Failed to ${word} "${subject}" (${answer ? answer.json.error : missing})`);
        failed++;
      }
    }
    return failed;
  };
}

export const blockUser = setBlocked(true);
export const unblockUser = setBlocked(false);

export const listUsers: Command = async ({ admin, print }, { positional, values, flags }) => {
  const [namespace = ''] = positional;
  const pick = (values.pick as number | undefined) ?? 1;
  if (pick < 1) return fail(print, 'pick at least 1 identity to show', 2);
  const { status, json } = await admin('GET', `/v1/namespaces/${at(namespace)}`);
  if (status !== 200 && status !== 404) return fail(print, `Failed to get namespace key (${json.error})`, 1);
  // a blocked one can't sign in, and is not shown
  if (status === 404 || json.blocked) return done(print, `no identities found for namespace "${namespace}"`);
  return done(print, flags.has('key') ? json.auth : `${json.auth}\t${json.subject}`);
};

export function fail(print: (line: string) => void, line: string, code: number): number {
  print(line);
  return code;
}

export function done(print: (line: string) => void, line: string): number {
  return fail(print, line, 0);
}

function newAuth(): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  let key = '';
  // bytes past the last whole multiple of the alphabet are left out, so every character is equally likely
  while (key.length < 64) for (const byte of randomBytes(64)) if (byte < 248 && key.length < 64) key += alphabet[byte % 62];
  return `${randomUUID()}:${key}`;
}

import type { AdminClient } from './adminClient';
import { type CommandForm, parseArguments, UsageError } from './arguments';
import { getDatabase } from './databaseCommands';
import { deleteLimits, getLimits, limitOptions, setLimits } from './limitsCommands';
import { blockUser, type Command, createUser, deleteUser, getUser, listUsers, unblockUser, whoisUser } from './userCommands';

interface CommandEntry extends CommandForm {
  readonly help: string;
  readonly run: Command;
}

const namespace = (help: string) => ({ namespace: { short: '-ns', help } });

/** Names, arguments and output are those of OpenWhisk's wskadmin (reference couchdb, section 11). */
const commands: Readonly<Record<string, Readonly<Record<string, CommandEntry>>>> = {
  user: {
    create: {
      help: 'create a user and show its authorization key',
      positional: ['subject'],
      values: {
        auth: { short: '-u', help: 'the uuid:key to give it' },
        ...namespace('create the key for this namespace (default: as the subject)'),
      },
      flags: {
        revoke: { short: '-r', help: 'give the namespace a new key' },
        genonly: { short: '-g', help: 'only show a new key' },
        silent: { short: '-s', help: 'do not show the key' },
      },
      run: createUser,
    },
    delete: {
      help: 'delete a user',
      positional: ['subject'],
      values: namespace('delete the key for this namespace only'),
      flags: { force: { help: 'though there are entities in its namespaces: they go too' } },
      run: deleteUser,
    },
    get: {
      help: 'get the authorization key of a user',
      positional: ['subject'],
      values: namespace('the namespace to get the key for (default: as the subject)'),
      flags: { all: { short: '-a', help: 'list all namespaces and their keys' } },
      run: getUser,
    },
    whois: { help: 'identify a user by an authorization key', positional: ['authkey'], run: whoisUser },
    block: { help: 'block one or more users', positional: ['subjects...'], run: blockUser },
    unblock: { help: 'unblock one or more users', positional: ['subjects...'], run: unblockUser },
    list: {
      help: 'list the authorization keys of a namespace',
      positional: ['namespace'],
      values: { pick: { short: '-p', help: 'show no more than so many identities (default 1)', number: true } },
      flags: { all: { short: '-a', help: 'show all identities' }, key: { short: '-k', help: 'show only the keys' } },
      run: listUsers,
    },
  },
  limits: {
    set: {
      help: 'set limits of a namespace; what is not named stays',
      positional: ['namespace'],
      values: limitOptions,
      flags: {
        enableStoreActivations: { help: 'store the activations of the namespace' },
        disableStoreActivations: { help: 'do not store them' },
      },
      run: setLimits,
    },
    get: { help: 'get the limits of a namespace', positional: ['namespace'], run: getLimits },
    delete: { help: 'delete the limits of a namespace: the system defaults apply', positional: ['namespace'], run: deleteLimits },
  },
  db: {
    get: {
      help: 'get the contents of a database: subjects, whisks or activations',
      positional: ['database'],
      values: { view: { short: '-w', help: 'the view, as design/view' } },
      flags: { docs: { help: 'include the documents' } },
      run: getDatabase,
    },
  },
};

/** Runs one command; returns its exit code: 0 done, 1 it failed, 2 it was called wrongly. Rejects when the admin API is not there. */
export async function wskadmin(args: readonly string[], admin: AdminClient, print: (line: string) => void): Promise<number> {
  const [group = '', name = '', ...rest] = args;
  const asked = args.some((argument) => argument === '--help' || argument === '-h');
  const entries = Object.hasOwn(commands, group) ? commands[group]! : undefined;
  const entry = entries && Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (!entry) {
    if (!asked && args.length > 0) print('unknown command');
    for (const line of overview(entries ? group : undefined)) print(line);
    return asked ? 0 : 2;
  }
  if (asked) {
    for (const line of helpOf(group, name, entry)) print(line);
    return 0;
  }
  try {
    return await entry.run({ admin, print }, parseArguments(rest, entry));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    print(`wskadmin ${group} ${name}: ${error.message}`);
    for (const line of helpOf(group, name, entry)) print(line);
    return 2;
  }
}

function overview(only: string | undefined): string[] {
  const groups = Object.entries(commands).filter(([group]) => only === undefined || group === only);
  const lines = groups.flatMap(([group, entries]) =>
    Object.entries(entries).map(([name, { positional, help }]) => `  ${`${group} ${name} ${positional.join(' ')}`.padEnd(30)}  ${help}`),
  );
  return ['usage: wskadmin <command> [--help]', ...lines];
}

function helpOf(group: string, name: string, { positional, help, values = {}, flags = {} }: CommandEntry): string[] {
  const option = (key: string, short: string | undefined, value: string) => `${short ? `${short}, ` : ''}--${key}${value}`;
  const lines = [
    ...Object.entries(values).map(([key, form]) => [option(key, form.short, form.list ? ' VALUE...' : ' VALUE'), form.help]),
    ...Object.entries(flags).map(([key, form]) => [option(key, form.short, ''), form.help]),
  ];
  return [
    `usage: wskadmin ${[group, name, ...(lines.length > 0 ? ['[options]'] : []), ...positional].join(' ')}`,
    help,
    ...lines.map(([form = '', text]) => `  ${form.padEnd(30)}  ${text}`),
  ];
}

import { UserError } from './userError';

/** What was given behind `npm run X --`. */
export interface Options {
  readonly stack: string;
  /** Arguments that are not options of ours, in order. */
  readonly rest: readonly string[];
}

/** The stack that every command works on unless told otherwise. */
const DEFAULT_STACK = 'dev';

/**
 * Takes --stack out of a command's arguments.
 * @throws UserError when it has no value
 */
export function parseOptions(args: readonly string[]): Options {
  let stack = DEFAULT_STACK;
  const rest: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index]!;
    if (argument === '--stack' || argument === '-s') {
      index += 1;
      stack = args[index] ?? '';
    } else if (argument.startsWith('--stack=')) {
      stack = argument.slice('--stack='.length);
    } else {
      rest.push(argument);
    }
  }
  if (stack === '' || stack.startsWith('-')) throw new UserError('--stack needs the name of a stack, such as "--stack dev".');
  if (!/^[\w.-]+$/.test(stack)) throw new UserError(`"${stack}" can't be the name of a stack: use letters, digits, "-", "_" and ".".`);
  return { stack, rest };
}

/** @throws UserError naming what a command does not understand */
export function refuseUnknown(command: string, rest: readonly string[], known: readonly string[] = []): void {
  const unknown = rest.find((argument) => !known.includes(argument));
  if (unknown === undefined) return;
  throw new UserError(
    `"npm run ${command}" does not know ${unknown}${known.length === 0 ? '' : ` (it knows ${known.join(', ')})`}; options go behind "--", and "npm run pulumi -- ${command} ..." takes every option of the Pulumi CLI.`,
  );
}

/** Options of a command of ours beside --stack: what takes a value, and what is there or not. */
export interface OptionNames {
  readonly values?: readonly string[];
  readonly flags?: readonly string[];
}

export interface NamedOptions {
  readonly stack: string;
  /** By name, such as "--out"; the last one counts. */
  readonly values: Readonly<Record<string, string>>;
  readonly flags: ReadonlySet<string>;
}

/**
 * Reads the options of a command that takes nothing else.
 * @throws UserError naming what the command does not understand, or an option without its value
 */
export function parseNamedOptions(command: string, args: readonly string[], names: OptionNames): NamedOptions {
  const { stack, rest } = parseOptions(args);
  const values: Record<string, string> = {};
  const flags = new Set<string>();
  const known = names.values ?? [];
  for (let index = 0; index < rest.length; index += 1) {
    const [name = '', ...after] = rest[index]!.split('=');
    if (known.includes(name)) {
      const value = after.length > 0 ? after.join('=') : rest[++index];
      if (value === undefined || value === '') throw new UserError(`"npm run ${command}" needs a value after ${name}.`);
      values[name] = value;
    } else {
      refuseUnknown(command, [rest[index]!], [...known, ...(names.flags ?? [])]);
      flags.add(rest[index]!);
    }
  }
  return { stack, values, flags };
}

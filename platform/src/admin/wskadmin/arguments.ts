/** What a command takes: positional arguments by name (the last may repeat with `...`), options with a value, and flags. */
export interface CommandForm {
  readonly positional: readonly string[];
  readonly values?: Readonly<Record<string, OptionForm>>;
  readonly flags?: Readonly<Record<string, OptionForm>>;
}

export interface OptionForm {
  /** Such as `-ns`. */
  readonly short?: string;
  readonly help: string;
  /** The value is a whole number. */
  readonly number?: boolean;
  /** The option takes all values up to the next option. */
  readonly list?: boolean;
}

export interface ParsedArguments {
  readonly positional: readonly string[];
  readonly values: Readonly<Record<string, string | number | string[]>>;
  readonly flags: ReadonlySet<string>;
}

/** The command was called in a way it does not understand (exit code 2). */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export function parseArguments(args: readonly string[], { positional, values = {}, flags = {} }: CommandForm): ParsedArguments {
  const found: string[] = [];
  const given: Record<string, string | number | string[]> = {};
  const set = new Set<string>();
  const named = (forms: Readonly<Record<string, OptionForm>>, text: string) =>
    Object.keys(forms).find((name) => text === `--${name}` || text === forms[name]!.short);
  for (let i = 0; i < args.length; i++) {
    const [text = '', attached] = splitAttached(args[i]!);
    const flag = named(flags, text);
    const option = named(values, text);
    if (flag !== undefined) set.add(flag);
    else if (option !== undefined) {
      const form = values[option]!;
      if (form.list) {
        const list = attached === undefined ? [] : [attached];
        while (i + 1 < args.length && !args[i + 1]!.startsWith('-')) list.push(args[++i]!);
        if (list.length === 0) throw new UsageError(`${text}: expected at least one value`);
        given[option] = list;
      } else {
        const value = attached ?? args[++i];
        if (value === undefined) throw new UsageError(`${text}: expected one value`);
        given[option] = form.number ? wholeNumber(text, value) : value;
      }
    } else if (text.startsWith('-')) throw new UsageError(`unrecognized option: ${text}`);
    else found.push(args[i]!);
  }
  const many = positional.at(-1)?.endsWith('...') === true;
  if (found.length < positional.length) throw new UsageError(`missing: ${positional.slice(found.length).join(' ')}`);
  if (found.length > positional.length && !many)
    throw new UsageError(`unrecognized arguments: ${found.slice(positional.length).join(' ')}`);
  return { positional: found, values: given, flags: set };
}

function splitAttached(text: string): [string, string | undefined] {
  const equals = text.startsWith('--') ? text.indexOf('=') : -1;
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

function wholeNumber(option: string, value: string): number {
  if (!/^-?\d+$/.test(value)) throw new UsageError(`${option}: '${value}' is not a whole number`);
  return Number(value);
}

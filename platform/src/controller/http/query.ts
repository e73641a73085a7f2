import { MalformedQuery } from './errors';

/** Query parameters as OpenWhisk reads them: of a repeated one the first counts. */
export class Query {
  private values: Map<string, string> | undefined;

  constructor(private readonly raw: string) {}

  get(name: string): string | undefined {
    if (this.raw === '') return undefined;
    this.values ??= this.parse();
    return this.values.get(name);
  }

  /** `true|yes|on|1`, `false|no|off|0` in any case; empty counts as absent. */
  flag(name: string, otherwise: boolean): boolean {
    const value = this.get(name);
    if (value === undefined || value === '') return otherwise;
    const word = value.toLowerCase();
    if (word === 'true' || word === 'yes' || word === 'on' || word === '1') return true;
    if (word === 'false' || word === 'no' || word === 'off' || word === '0') return false;
    throw new MalformedQuery(name, `'${value}' is not a valid Boolean value`);
  }

  /** All pairs in order, those of empty names too; a web action is given them. A name alone has no value. */
  pairs(): [string, string | undefined][] {
    if (this.raw === '') return [];
    return this.raw.split('&').map(splitPair);
  }

  private parse(): Map<string, string> {
    const values = new Map<string, string>();
    for (const [name, value] of this.pairs()) if (!values.has(name)) values.set(name, value ?? '');
    return values;
  }
}

function splitPair(pair: string): [string, string | undefined] {
  const equals = pair.indexOf('=');
  return equals < 0 ? [decode(pair), undefined] : [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
}

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new MalformedQuery(text.slice(0, 100), 'the escapes are not valid UTF-8');
  }
}

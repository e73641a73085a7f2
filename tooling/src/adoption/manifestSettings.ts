import { looksLikeSecretName } from '../secretLooks';
import { UserError } from '../userError';
import { Expression, isProgramMap, type ProgramValue, printString } from './programValue';

/** `${NAME}` anywhere, and `$NAME` in a text that begins with a dollar sign, as wskdeploy reads them; `$${NAME}` stands for `${NAME}`. */
const BRACED = /\$\$\{([^{}]*)\}|\$\{([^{}]*)\}/g;
const PLAIN = /\$\$\{([^{}]*)\}|\$\{([^{}]*)\}|\$([A-Za-z_]\w*)/g;

/** What a manifest takes from the environment: kept as settings of the program, or looked up at once where only a name will do. */
export class ManifestSettings {
  /** Names of the variables the program reads. */
  readonly used = new Set<string>();

  constructor(private readonly env: NodeJS.ProcessEnv = process.env) {}

  /** A value with its variables, those nested in it too, as settings. `known` are inputs of the package, which fill in for variables. */
  value(value: ProgramValue, known: ReadonlyMap<string, ProgramValue> = new Map()): ProgramValue {
    if (typeof value === 'string') return this.text(value, known);
    if (Array.isArray(value)) return value.map((element) => this.value(element, known));
    if (!isProgramMap(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, this.value(element, known)]));
  }

  /**
   * A name, a path or an image, which the program has to know as they are.
   * @throws UserError when a variable has no value
   */
  name(text: string): string {
    if (!hasVariables(text)) return text;
    return text.replace(formOf(text), (_match, literal?: string, braced?: string, plain?: string) => {
      if (literal !== undefined) return `\${${literal}}`;
      const name = braced ?? plain ?? '';
      const value = this.env[name];
      if (value === undefined)
        throw new UserError(`The manifest takes the name "${text}" from the environment: set ${name} and run this again.`);
      return value;
    });
  }

  /** The expression that reads one variable. */
  setting(name: string): Expression {
    this.used.add(name);
    return new Expression(`${looksLikeSecretName(name) ? 'secretSetting' : 'setting'}(${printString(name)})`);
  }

  private text(text: string, known: ReadonlyMap<string, ProgramValue>): ProgramValue {
    if (!hasVariables(text)) return text;
    const parts: (string | ProgramValue)[] = [];
    let last = 0;
    for (const match of text.matchAll(formOf(text))) {
      parts.push(text.slice(last, match.index));
      last = match.index + match[0].length;
      const [, literal, braced, plain] = match;
      const name = braced ?? plain ?? '';
      if (literal !== undefined) parts.push(`\${${literal}}`);
      else parts.push(this.env[name] === undefined && known.has(name) ? known.get(name)! : this.setting(name));
    }
    parts.push(text.slice(last));
    const filled = parts.filter((part) => part !== '');
    if (filled.length === 1) return filled[0]!;
    if (filled.every((part) => typeof part === 'string')) return filled.join('');
    const template = filled.map((part) => (part instanceof Expression ? `\${${part.code}}` : escapeTemplate(String(part)))).join('');
    return new Expression(`pulumi.interpolate\`${template}\``);
  }
}

function hasVariables(text: string): boolean {
  return (text.startsWith('$') && text.length > 1) || text.includes('${');
}

function formOf(text: string): RegExp {
  return text.startsWith('$') ? PLAIN : BRACED;
}

function escapeTemplate(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/`/g, '\\`').replace(/\$\{/g, '\\${');
}

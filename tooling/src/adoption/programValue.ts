/** A value as it stands in a generated program: JSON, with code where something has to be computed. */
export type ProgramValue = null | boolean | number | string | Expression | ProgramValue[] | ProgramMap;
export interface ProgramMap {
  [key: string]: ProgramValue;
}

/** TypeScript that stands for a value, such as `hello.name` or `config.requireSecret("token")`. */
export class Expression {
  constructor(readonly code: string) {}
}

export function isProgramMap(value: ProgramValue | undefined): value is ProgramMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Expression);
}

/** Longest line of a generated program. */
const LINE_WIDTH = 140;

/** The value as TypeScript, indented for a place `indent` spaces deep. */
export function printValue(value: ProgramValue, indent: number): string {
  if (value instanceof Expression) return value.code;
  if (typeof value === 'string') return printString(value);
  if (value === null || typeof value !== 'object') return String(value);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{ ', ' }'];
  const parts = Array.isArray(value)
    ? value.map((element) => printValue(element, indent + 2))
    : Object.entries(value).map(([key, element]) => `${printKey(key)}: ${printValue(element, indent + 2)}`);
  if (parts.length === 0) return Array.isArray(value) ? '[]' : '{}';
  const line = `${open}${parts.join(', ')}${close}`;
  if (!line.includes('\n') && indent + line.length <= LINE_WIDTH - 20) return line;
  const pad = ' '.repeat(indent + 2);
  return `${open.trim()}\n${parts.map((part) => `${pad}${part},\n`).join('')}${' '.repeat(indent)}${close.trim()}`;
}

/** A string literal in single quotes, or in double ones where that saves an escape. */
export function printString(text: string): string {
  const double = text.includes("'") && !text.includes('"');
  const quote = double ? '"' : "'";
  const json = JSON.stringify(text).slice(1, -1);
  const escaped = double ? json : json.replace(/\\"/g, '"').replace(/'/g, "\\'");
  // Separators that JSON allows in a string, and older JavaScript does not.
  return `${quote}${escaped.replace(/\u2028/g, '\\u2028').replace(/\u2029/g, '\\u2029')}${quote}`;
}

export function printKey(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) && key !== '__proto__' ? key : key === '__proto__' ? "['__proto__']" : printString(key);
}

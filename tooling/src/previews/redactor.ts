import { withoutSecretForms } from '../secretLooks';
import { SECRET } from './shownValue';

/** Shorter secrets are not looked for in other texts: "on" or "123" would be found everywhere. */
const SHORTEST = 6;
const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET_SIGNATURE = '1b47061264138c4ac30d75fd1eb44270';

/** Takes secrets out of texts that were made from something else, such as the lines of a source file. */
export interface Redactor {
  redact(text: string): string;
}

/** @param secrets values that must never be seen; credentials that can be told by their form are taken out in any case */
export function redactor(secrets: Iterable<string>): Redactor {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < SHORTEST) continue;
    forms.add(secret);
    // As it stands in a quoted string.
    forms.add(JSON.stringify(secret).slice(1, -1));
    for (const line of secret.split('\n')) if (line.length >= SHORTEST * 2) forms.add(line);
  }
  // The longest first: one secret may hold another.
  const ordered = [...forms].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return {
    redact(text) {
      let rest = text;
      for (const form of ordered) rest = rest.split(form).join(SECRET);
      return withoutSecretForms(rest, SECRET);
    },
  };
}

/** Every text inside a secret of an exported state (`pulumi stack export --show-secrets`), at any depth. */
export function secretTexts(state: unknown): string[] {
  const found: string[] = [];
  collect(state, false, found);
  return found;
}

function collect(value: unknown, secret: boolean, found: string[]): void {
  if (typeof value === 'string') {
    if (secret) found.push(value);
  } else if (Array.isArray(value)) {
    for (const element of value) collect(element, secret, found);
  } else if (typeof value === 'object' && value !== null) {
    const object = value as Record<string, unknown>;
    if (object[SIGNATURE] === SECRET_SIGNATURE) {
      if (typeof object.plaintext === 'string') collect(parsed(object.plaintext), true, found);
      else collect(object.value, true, found);
      return;
    }
    for (const element of Object.values(object)) collect(element, secret, found);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

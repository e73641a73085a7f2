/** What looks like a secret although nobody declared it one. Used where showing too little is better than showing too much. */

/** Words that name a secret, as parts of a key such as `apiKey`, `db_password` or `SLACK-TOKEN`. */
const SECRET_WORDS =
  /(^|[^a-z])(pass|passwd|password|passphrase|pwd|secret|secrets|token|tokens|credential|credentials|auth|authorization|apikey|accesskey|privatekey|signature|webhook|cookie|dsn|connectionstring)([^a-z]|$)/;
/** Two words that together name one. */
const SECRET_PAIRS = /(^|[^a-z])(api|access|private|secret|signing|encryption|account|master|shared|service|auth)[^a-z]?keys?([^a-z]|$)/;

/** Whether the name of a parameter, annotation or variable says that its value is a secret. */
export function looksLikeSecretName(name: string): boolean {
  // "dbPassword" and "DBPassword" become "db password".
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase();
  return SECRET_WORDS.test(words) || SECRET_PAIRS.test(words);
}

/** Forms of credentials that can be told by themselves. */
const SECRET_FORMS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  // A namespace's key.
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:[A-Za-z0-9]{20,}/gi,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bgh[opusr]_[A-Za-z0-9]{20,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\bsk_(?:live|test)_[A-Za-z0-9]{10,}/g,
  /\bAIza[0-9A-Za-z_-]{35}\b/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
  // The password of an address: https://user:password@host.
  /(?<=\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+(?=@)/gi,
];

/** The text with everything that has the form of a credential replaced. */
export function withoutSecretForms(text: string, replacement: string): string {
  return SECRET_FORMS.reduce((rest, form) => rest.replace(form, replacement), text);
}

/** Whether a text holds something of the form of a credential. */
export function looksLikeSecretText(text: string): boolean {
  return withoutSecretForms(text, '') !== text;
}

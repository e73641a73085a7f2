/** A media type as it is named, lower case, with its parameters. */
export interface MediaType {
  /** `type/subtype` */
  name: string;
  parameters: [string, string][];
}

/** Undefined when the text is no media type. */
export function parseMediaType(text: string): MediaType | undefined {
  const [name = '', ...rest] = text.split(';');
  const trimmed = name.trim().toLowerCase();
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+$/.test(trimmed)) return undefined;
  const parameters: [string, string][] = [];
  for (const part of rest) {
    const equals = part.indexOf('=');
    if (equals > 0) parameters.push([part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim()]);
  }
  return { name: trimmed, parameters };
}

/** The types OpenWhisk's HTTP library knows as text; whatever it does not know is binary to it. Reference invocation, section 8.5. */
const registeredText = new Set(
  (
    'asp cache-manifest calendar css csv event-stream html markdown mcf plain richtext tab-separated-values uri-list vnd.wap.wml vnd.wap.wmlscript ' +
    'x-asm x-c x-component x-h x-java-source x-pascal x-script x-scriptcsh x-scriptelisp x-scriptksh x-scriptlisp x-scriptperl x-scriptperl-module ' +
    'x-scriptphyton x-scriptrexx x-scriptscheme x-scriptsh x-scriptzsh x-server-parsed-html x-setext x-sgml x-speech x-uuencode x-vcalendar x-vcard xml'
  ).split(' '),
);

const applicationText = new Set(
  (
    'atom+xml base64 javascript json json-patch+json merge-patch+json problem+json problem+xml rss+xml soap+xml vnd.api+json ' +
    'vnd.google-earth.kml+xml x-latex x-vrml x-www-form-urlencoded xhtml+xml xml-dtd xml'
  ).split(' '),
);

/** Text types whose charset is fixed: none is shown. */
const fixedCharset = new Set(['text/event-stream', 'application/x-www-form-urlencoded']);

export function isBinaryType(name: string): boolean {
  const [type, subtype = ''] = name.split('/');
  if (type === 'text') return !registeredText.has(subtype);
  if (type === 'application') return !applicationText.has(subtype);
  return true;
}

export function isJsonFamily(name: string): boolean {
  return name === 'application/json' || name.endsWith('+json');
}

/** As a response header; a text type says that it is UTF-8. */
export function contentTypeText({ name, parameters }: MediaType): string {
  const openCharset = !isBinaryType(name) && !isJsonFamily(name) && !fixedCharset.has(name);
  const kept = parameters.filter(([key]) => key !== 'charset').map(([key, value]) => `; ${key}=${value}`);
  return `${name}${kept.join('')}${openCharset ? '; charset=UTF-8' : ''}`;
}

/** Standard alphabet, padding optional, no line breaks. */
export function decodeBase64(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.replace(/=+$/, '').length % 4 === 1) return undefined;
  return Buffer.from(text, 'base64');
}

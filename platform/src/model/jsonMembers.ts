/**
 * The members of a JSON object as the texts they are, white space around them left out. What is passed on unread keeps its every digit
 * and is neither built nor written again. Throws SyntaxError when the text is no object; the member texts are not checked beyond their extent.
 */
export function jsonMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== openBrace) throw malformed(at);
  at = skipSpace(text, at + 1);
  if (text.charCodeAt(at) === closeBrace) return atEnd(text, at + 1, members);
  for (;;) {
    const keyEnd = endOfString(text, at);
    const key = JSON.parse(text.slice(at, keyEnd)) as string;
    at = skipSpace(text, keyEnd);
    if (text.charCodeAt(at) !== colon) throw malformed(at);
    at = skipSpace(text, at + 1);
    const end = endOfValue(text, at);
    members.set(key, text.slice(at, end));
    at = skipSpace(text, end);
    const next = text.charCodeAt(at);
    if (next === closeBrace) return atEnd(text, at + 1, members);
    if (next !== comma) throw malformed(at);
    at = skipSpace(text, at + 1);
  }
}

const [quote, backslash, comma, colon, openBrace, closeBrace, openBracket, closeBracket] = [34, 92, 44, 58, 123, 125, 91, 93];

function atEnd(text: string, at: number, members: Map<string, string>): Map<string, string> {
  const end = skipSpace(text, at);
  if (end !== text.length) throw malformed(end);
  return members;
}

function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === quote) return endOfString(text, start);
  if (first === openBrace || first === openBracket) return endOfNested(text, start);
  let at = start;
  while (at < text.length) {
    const c = text.charCodeAt(at);
    if (c === comma || c === closeBrace || c === closeBracket || isSpace(c)) break;
    at++;
  }
  if (at === start) throw malformed(at);
  return at;
}

function endOfNested(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === quote) at = endOfString(text, at) - 1;
    else if (c === openBrace || c === openBracket) depth++;
    else if ((c === closeBrace || c === closeBracket) && --depth === 0) return at + 1;
  }
  throw malformed(text.length);
}

function endOfString(text: string, start: number): number {
  if (text.charCodeAt(start) !== quote) throw malformed(start);
  for (let from = start + 1; ; ) {
    const end = text.indexOf('"', from);
    if (end < 0) throw malformed(text.length);
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes++;
    if (escapes % 2 === 0) return end + 1;
    from = end + 1;
  }
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

function isSpace(c: number): boolean {
  return c === 32 || c === 10 || c === 13 || c === 9;
}

function malformed(at: number): SyntaxError {
  return new SyntaxError(`The text is not the JSON it should be: unexpected at character ${at}.`);
}

/** The items of a JSON array as the texts they are. Throws SyntaxError when the text is no array. */
export function jsonItems(text: string): string[] {
  const items: string[] = [];
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== openBracket) throw malformed(at);
  at = skipSpace(text, at + 1);
  if (text.charCodeAt(at) === closeBracket) return items;
  for (;;) {
    const end = endOfValue(text, at);
    items.push(text.slice(at, end));
    at = skipSpace(text, end);
    const next = text.charCodeAt(at);
    if (next === closeBracket) return items;
    if (next !== comma) throw malformed(at);
    at = skipSpace(text, at + 1);
  }
}

import { isJsonObject, type JsonText } from '../model/json';
import { parseJson } from './entityBody';
import { MalformedContent } from './http/errors';

/** Arguments of a call: their text, and the object where it has been parsed. An array is passed on by a sequence. */
export interface Payload {
  text: JsonText;
  object: Readonly<Record<string, unknown>>;
}

export const emptyPayload: Payload = { object: {}, text: '{}' };

/** The body of an invocation or a firing: an object, or nothing. */
export function readPayload(body: Buffer): Payload {
  if (body.length === 0) return emptyPayload;
  const text = body.toString('utf8');
  const object = parseJson(text);
  if (!isJsonObject(object)) throw new MalformedContent('JSON object expected');
  return { object, text };
}

/** A result handed on as arguments. */
export function payloadOf(text: JsonText): Payload {
  return isArrayText(text) ? { text, object: {} } : { text, object: JSON.parse(text) as Record<string, unknown> };
}

export function payloadFrom(object: Record<string, unknown>): Payload {
  return { object, text: JSON.stringify(object) };
}

export function isArrayText(text: JsonText): boolean {
  return text.trimStart().startsWith('[');
}

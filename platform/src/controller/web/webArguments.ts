import { isJsonObject, type Json, type JsonObject } from '../../model/json';
import { parseJson } from '../entityBody';
import { BadRequest } from '../http/errors';
import type { ApiRequest } from '../http/request';
import { isBinaryType, parseMediaType } from './mediaType';
import type { WebRoute } from './webRoute';

const overrideRefused = 'Request defines parameters that are not allowed (e.g., reserved properties).';
const reserved = ['__ow_method', '__ow_headers', '__ow_path', '__ow_user', '__ow_query', '__ow_body'];

export interface WebCall {
  route: WebRoute;
  request: ApiRequest;
  /** Namespace of an authenticated caller. */
  user: string | undefined;
  raw: boolean;
  /** Parameters a request may not set. */
  immutable: ReadonlySet<string>;
}

/** What a web action is called with: reference invocation, section 8.2. */
export function webArguments(call: WebCall): JsonObject {
  const { route, request, user, raw } = call;
  const context: JsonObject = {
    __ow_method: request.method.toLowerCase(),
    __ow_headers: headersOf(request),
    __ow_path: route.path,
    ...(user === undefined ? {} : { __ow_user: user }),
  };
  if (raw) return { ...context, __ow_query: queryText(request), __ow_body: rawBody(request) };
  const { merged, body } = readBody(request);
  const given: JsonObject = { ...Object.fromEntries(request.query.pairs().map(([name, value]) => [name, value ?? ''])), ...merged };
  for (const key of Object.keys(given)) {
    if (reserved.includes(key) || call.immutable.has(key)) throw new BadRequest(overrideRefused);
  }
  return { ...given, ...context, ...(body === undefined ? {} : { __ow_body: body }) };
}

function readBody(request: ApiRequest): { merged?: JsonObject; body?: Json } {
  const type = typeOf(request);
  const bytes = request.body;
  if (type === undefined) return bytes.length === 0 ? {} : { body: bytes.toString('base64') };
  const isForm = type === 'application/x-www-form-urlencoded';
  const isJson = type === 'application/json' || type.endsWith('+json');
  if (bytes.length === 0) return type === 'application/json' || isForm ? {} : { body: '' };
  if (isJson) {
    const value = parseJson(bytes.toString('utf8')) as Json;
    return isJsonObject(value) ? { merged: value } : { body: value };
  }
  if (isForm) return { merged: Object.fromEntries(new URLSearchParams(bytes.toString('utf8'))) };
  return { body: isBinaryType(type) ? bytes.toString('base64') : decodeText(request) };
}

function rawBody(request: ApiRequest): string {
  const type = typeOf(request);
  if (request.body.length === 0) return '';
  const text = type !== undefined && type !== 'application/json' && !isBinaryType(type);
  return text ? decodeText(request) : request.body.toString('base64');
}

function decodeText({ headers, body }: ApiRequest): string {
  const charset = parseMediaType(headers['content-type'] ?? '')?.parameters.find(([key]) => key === 'charset')?.[1];
  return body.toString(/^"?iso-8859-1"?$/i.test(charset ?? '') ? 'latin1' : 'utf8');
}

function typeOf({ headers }: ApiRequest): string | undefined {
  const text = headers['content-type'];
  return text === undefined ? undefined : parseMediaType(text)?.name;
}

/** Parsed and encoded again: a blank is a plus, what a query may carry as it is stays. */
function queryText({ query }: ApiRequest): string {
  return query
    .pairs()
    .map(([name, value]) => (value === undefined ? encode(name) : `${encode(name)}=${encode(value)}`))
    .join('&');
}

function encode(text: string): string {
  return encodeURIComponent(text)
    .replace(/%(2F|3A|40|3F|24|2C|3B)/g, (escaped) => decodeURIComponent(escaped))
    .replaceAll('%20', '+');
}

const hidden = new Set(['content-length', 'x-ow-extra-logging', 'transfer-encoding']);

/** Names in lower case; of a repeated header the last counts. */
function headersOf({ rawHeaders, body, headers }: ApiRequest): JsonObject {
  const shown: JsonObject = {};
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (!hidden.has(name)) shown[name] = rawHeaders[i + 1]!;
  }
  const type = headers['content-type'];
  if (type !== undefined) shown['content-type'] = shownType(type);
  else if (body.length > 0) shown['content-type'] = 'application/octet-stream';
  return shown;
}

/** JSON and forms have a fixed charset, so none is shown; other types show theirs in the usual form. */
function shownType(text: string): string {
  const type = parseMediaType(text);
  if (!type) return text;
  const fixed = type.name === 'application/json' || type.name === 'application/x-www-form-urlencoded';
  const parameters = type.parameters.filter(([key]) => !(fixed && key === 'charset'));
  return `${type.name}${parameters.map(([key, value]) => `; ${key}=${key === 'charset' ? value.toUpperCase() : value}`).join('')}`;
}

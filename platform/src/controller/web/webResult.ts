import { isJsonObject, type Json, type JsonObject } from '../../model/json';
import { type Answer, jsonAnswer, jsonType } from '../http/answer';
import { ApiError, BadRequest } from '../http/errors';
import { contentTypeText, decodeBase64, isBinaryType, isJsonFamily, parseMediaType } from './mediaType';
import type { Extension } from './webRoute';

const invalidHttp = "Response is not valid 'message/http'.";
const typeMismatch = 'Response type in header did not match generated content type.';
const unknownType = 'Response did not specify a known content-type.';
const htmlType = 'text/html; charset=UTF-8';

/** Hop-by-hop and length headers are the server's business, whatever an action says. */
const ignored = new Set(['content-length', 'server', 'date', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'trailer']);

/** Turns the result (or the value of its `error`) into what the extension promises: reference invocation, sections 8.4 and 8.5. */
export function transcode(extension: Extension, result: Json): Answer {
  switch (extension) {
    case 'json':
      if (isJsonObject(result) || Array.isArray(result)) return jsonAnswer(JSON.stringify(result));
      throw invalid(jsonType);
    case 'html':
      return markup(result, 'html', htmlType, 'text/html');
    case 'svg':
      return markup(result, 'svg', 'image/svg+xml', 'image/svg+xml');
    case 'text':
      return text(result);
    default:
      return http(result);
  }
}

function invalid(type: string): ApiError {
  return new BadRequest(`Response is not valid '${type}'.`);
}

/** `body`, where there is one, else the extension's own property; or a value that is no object itself. */
function projected(result: Json, property: string): Json | undefined {
  if (!isJsonObject(result)) return result;
  return 'body' in result ? result.body : result[property];
}

function markup(result: Json, property: string, contentType: string, name: string): Answer {
  const value = projected(result, property);
  if (typeof value !== 'string') throw invalid(name);
  return { status: 200, contentType, body: value };
}

function text(result: Json): Answer {
  const value = projected(result, 'text');
  if (value === undefined) throw new ApiError(404, 'Response does not include requested property.');
  const body =
    typeof value === 'string' ? value : typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : String(value);
  return { status: 200, contentType: 'text/plain; charset=UTF-8', body };
}

function http(result: Json): Answer {
  if (!isJsonObject(result)) throw new BadRequest(invalidHttp);
  const headers = readHeaders(result.headers);
  const status = readStatus(result);
  const { body } = result;
  const own = headers.filter(([name]) => name.toLowerCase() !== 'content-type');
  if (body === undefined || body === null || body === '') return { status: status ?? 204, extraHeaders: own };
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  const entity = typeof body === 'string' ? stringEntity(body, type) : jsonEntity(body, type);
  return { status: status ?? 200, extraHeaders: own, ...entity };
}

function stringEntity(body: string, typeText: string | undefined): Pick<Answer, 'contentType' | 'body'> {
  if (typeText === undefined) return { contentType: htmlType, body };
  const type = parseMediaType(typeText);
  if (!type) throw new BadRequest(unknownType);
  const contentType = contentTypeText(type);
  if (isBinaryType(type.name)) {
    const decoded = decodeBase64(body);
    if (!decoded) throw new BadRequest(typeMismatch);
    return { contentType, body: decoded };
  }
  const decoded = isJsonFamily(type.name) ? decodeBase64(body) : undefined;
  return { contentType, body: decoded ?? body };
}

function jsonEntity(body: Json, typeText: string | undefined): Pick<Answer, 'contentType' | 'body'> {
  const type = parseMediaType(typeText ?? jsonType);
  if (!type || !isJsonFamily(type.name)) throw new BadRequest(typeMismatch);
  return { contentType: contentTypeText(type), body: JSON.stringify(body) };
}

function readStatus({ statusCode }: JsonObject): number | undefined {
  if (statusCode === undefined) return undefined;
  const status = typeof statusCode === 'string' && /^\d+$/.test(statusCode) ? Number(statusCode) : statusCode;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 599) throw new BadRequest(invalidHttp);
  return status;
}

function readHeaders(headers: Json | undefined): [string, string][] {
  if (headers === undefined) return [];
  if (!isJsonObject(headers)) throw new BadRequest(invalidHttp);
  return Object.entries(headers).flatMap(([name, value]) =>
    flatten(value)
      .map((v): [string, string] => [name, v])
      .filter(([n, v]) => isSendable(n, v)),
  );
}

function flatten(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(flatten);
  if (value === null || typeof value === 'object') throw new BadRequest(invalidHttp);
  return [String(value)];
}

/** What HTTP cannot carry is left out rather than failing the answer. */
function isSendable(name: string, value: string): boolean {
  return !ignored.has(name.toLowerCase()) && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && !/[^\t\x20-\x7e\x80-\xff]/.test(value);
}

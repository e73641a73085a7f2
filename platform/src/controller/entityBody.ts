import type { SystemLimits } from '../config/settings';
import { parseSize } from '../config/units';
import { EntityTooLarge } from '../model/errors';
import type { Exec } from '../model/exec';
import { execSize, parseExec } from '../model/execParser';
import type { Identity } from '../model/identity';
import { isJsonObject, type JsonObject } from '../model/json';
import { parameterSize, parseAnnotations, parseParameters } from '../model/parameterParser';
import type { KeyValue, Parameter } from '../model/parameters';
import type { RuntimesManifest } from '../model/runtimesManifest';
import { parseVersion } from '../model/version';
import { MalformedContent, UnsupportedContentType } from './http/errors';
import type { ApiRequest } from './http/request';

/** What every PUT body is read for first, whatever the collection: the parts that have a size limit. */
export interface SizedBody {
  json: JsonObject;
  exec?: Exec;
  parameters?: Parameter[];
  annotations?: KeyValue[];
}

export interface EntityFields {
  version?: string;
  publish?: boolean;
}

/** Reads and bounds PUT bodies. */
export class EntityBodyReader {
  constructor(
    private readonly limits: SystemLimits,
    private readonly manifest: RuntimesManifest,
  ) {}

  read(request: ApiRequest, caller: Identity): SizedBody {
    const json = readJsonBody(request);
    if (!isJsonObject(json)) throw new MalformedContent('Object expected');
    const body: SizedBody = { json };
    if (given(json.exec)) body.exec = parseExec(json.exec, this.manifest);
    if (given(json.parameters)) body.parameters = parseParameters(json.parameters);
    if (given(json.annotations)) body.annotations = parseAnnotations(json.annotations);
    this.checkSizes(body, caller);
    return body;
  }

  private checkSizes({ exec, parameters, annotations }: SizedBody, caller: Identity): void {
    const own = caller.limits.maxParameterSize;
    const allowed = own === undefined ? this.limits.parameterSize : Math.min(parseSize(own), this.limits.parameterSize);
    within('exec', exec ? execSize(exec) : 0, this.limits.execSize);
    within('parameters', parameters ? parameterSize(parameters) : 0, allowed);
    within('annotations', annotations ? parameterSize(annotations) : 0, allowed);
  }
}

/** `null` for an optional field equals absence. */
export function given<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

/** The fields all entities share. */
export function readFields(json: JsonObject): EntityFields {
  const fields: EntityFields = {};
  if (given(json.version)) fields.version = parseVersion(json.version);
  if (given(json.publish)) {
    if (typeof json.publish !== 'boolean') throw new MalformedContent(`Expected JsBoolean, but got ${JSON.stringify(json.publish)}`);
    fields.publish = json.publish;
  }
  return fields;
}

function within(field: string, is: number, allowed: number): void {
  if (is > allowed) throw new EntityTooLarge(field, is, allowed);
}

/** The JSON of a request; throws UnsupportedContentType and MalformedContent. An empty text is no JSON. */
export function readJsonBody(request: ApiRequest): unknown {
  requireJson(request);
  return parseJson(request.body.toString('utf8'));
}

export function requireJson(request: ApiRequest): void {
  const type = request.headers['content-type'];
  if (type === undefined || type === '') {
    if (request.body.length > 0) throw new UnsupportedContentType('application/octet-stream');
    return;
  }
  // what cannot be read as a media type counts as none
  if (!isJsonType(type)) throw new UnsupportedContentType(type.includes('/') ? type : 'application/octet-stream');
}

function isJsonType(type: string): boolean {
  if (type === 'application/json') return true;
  const semicolon = type.indexOf(';');
  return (semicolon < 0 ? type : type.slice(0, semicolon)).trim().toLowerCase() === 'application/json';
}

export function parseJson(text: string): unknown {
  if (text.length > maxNesting && isTooDeep(text))
    throw new MalformedContent(`JSON input was nested more deeply than the set limit of maxNesting = ${maxNesting}`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MalformedContent((error as Error).message);
  }
}

/** Deeper values could be read, and would overflow the stack of whatever walks them later, an action's runtime included. */
const maxNesting = 1000;

function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 92) i++;
      else if (c === 34) inString = false;
    } else if (c === 34) inString = true;
    else if (c === 91 || c === 123) {
      if (++depth > maxNesting) return true;
    } else if (c === 93 || c === 125) depth--;
  }
  return false;
}

import type { ActivationRecord, StatusCode } from './activation';
import { jsonMembers } from './jsonMembers';
import type { KeyValue } from './parameters';

/**
 * The record as OpenWhisk stores it and sends it over its bus (reference messaging, section 2): members of a JSON object, without the
 * braces. The result is spliced in as the text it already is.
 */
export function recordMembers(record: ActivationRecord): string {
  const { response } = record;
  return (
    `"namespace":${JSON.stringify(record.namespace)},"name":${JSON.stringify(record.name)},"subject":${JSON.stringify(record.subject)}` +
    `,"activationId":${JSON.stringify(record.activationId)},"start":${record.start},"end":${record.end}` +
    `${record.duration === undefined ? '' : `,"duration":${record.duration}`}` +
    `${record.cause === undefined ? '' : `,"cause":${JSON.stringify(record.cause)}`}` +
    `,"response":{"statusCode":${response.statusCode}${response.result === undefined ? '' : `,"result":${response.result}`}` +
    `${response.size === undefined ? '' : `,"size":${response.size}`}},"logs":${JSON.stringify(record.logs)}` +
    `,"version":${JSON.stringify(record.version)},"publish":false,"annotations":${JSON.stringify(record.annotations)}`
  );
}

/** Reads what `recordMembers` wrote, or OpenWhisk did; unknown members are passed over. Throws SyntaxError or TypeError. */
export function parseRecord(text: string): ActivationRecord {
  const members = jsonMembers(text);
  const required = <T>(name: string): T => {
    const value = members.get(name);
    if (value === undefined) throw new TypeError(`An activation record without '${name}'.`);
    return JSON.parse(value) as T;
  };
  const optional = <T>(name: string): T | undefined => {
    const value = members.get(name);
    return value === undefined || value === 'null' ? undefined : (JSON.parse(value) as T);
  };
  const response = jsonMembers(members.get('response') ?? '{}');
  const size = response.get('size');
  const result = response.get('result');
  const duration = optional<number>('duration');
  const cause = optional<string>('cause');
  return {
    namespace: required('namespace'),
    name: required('name'),
    subject: required('subject'),
    activationId: required('activationId'),
    start: required('start'),
    end: optional<number>('end') ?? 0,
    ...(duration === undefined ? {} : { duration }),
    ...(cause === undefined ? {} : { cause }),
    response: {
      statusCode: Number(response.get('statusCode') ?? 0) as StatusCode,
      ...(result === undefined ? {} : { result }),
      ...(size === undefined ? {} : { size: Number(size) }),
    },
    logs: optional<string[]>('logs') ?? [],
    version: optional<string>('version') ?? '0.0.1',
    annotations: optional<KeyValue[]>('annotations') ?? [],
  };
}

import { parseRecord, recordMembers } from '../model/activationDocument';
import { jsonMembers } from '../model/jsonMembers';
import type { Acknowledgement } from './messages';
import { decodeTransaction, encodeTransaction } from './transactionWire';

/**
 * The three acknowledgements of OpenWhisk (reference messaging, section 3): with an `instance` the slot is free, with a `response` the result
 * is known, which is a record or, where it was too large, only its id.
 */
export function encodeAcknowledgement(ack: Acknowledgement, userMemory: number): string {
  const { activationId, record, recordOmitted, slotFree, isSystemError, invoker } = ack;
  const parts = [`"transid":${encodeTransaction(ack.transactionId, ack.transactionStart ?? 0)}`];
  if (record) parts.push(`"response":{${recordMembers(record)}}`);
  else if (recordOmitted) parts.push(`"response":${JSON.stringify(activationId)}`);
  else parts.push(`"activationId":${JSON.stringify(activationId)}`);
  if (slotFree) {
    const instance = invoker.replace(/^invoker/, '');
    parts.push(`"isSystemError":${isSystemError}`);
    parts.push(
      `"instance":{"instance":${/^\d+$/.test(instance) ? instance : JSON.stringify(invoker)},"userMemory":"${userMemory} MB","instanceType":"invoker","tags":[],"dedicatedNamespaces":[]}`,
    );
  }
  return `{${parts.join(',')}}`;
}

/** Throws SyntaxError or TypeError. */
export function decodeAcknowledgement(text: string): Acknowledgement {
  const members = jsonMembers(text);
  const { id: transactionId, start: transactionStart } = decodeTransaction(members.get('transid'));
  const response = members.get('response');
  const instance = members.get('instance');
  const record = response?.startsWith('{') ? parseRecord(response) : undefined;
  const activationId = record?.activationId ?? JSON.parse(response ?? members.get('activationId') ?? 'null');
  if (typeof activationId !== 'string') throw new TypeError('An acknowledgement that names no activation.');
  return {
    activationId,
    transactionId,
    transactionStart,
    ...(record ? { record } : response === undefined ? {} : { recordOmitted: true }),
    slotFree: instance !== undefined,
    isSystemError: members.get('isSystemError') === 'true',
    invoker: instance === undefined ? '' : senderOf(instance),
  };
}

/** An invoker by its topic's name; schedulers are called by their own. */
function senderOf(text: string): string {
  const { instance, asString } = JSON.parse(text) as { instance?: number | string; asString?: string };
  return typeof instance === 'number' ? `invoker${instance}` : String(instance ?? asString ?? '');
}

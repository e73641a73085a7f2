import { type ActivationRecord, statusNames } from './activation';

/**
 * The record as clients see it. The result is spliced in as the text it already is, so it is neither parsed nor built
 * again on the way from the container to the caller.
 */
export function fullRecordText(record: ActivationRecord): string {
  const { response } = record;
  return (
    `{"namespace":${JSON.stringify(record.namespace)},"name":${JSON.stringify(record.name)},"version":"${record.version}"` +
    `,"subject":${JSON.stringify(record.subject)},"activationId":"${record.activationId}","start":${record.start}${endText(record)}` +
    `${record.cause ? `,"cause":"${record.cause}"` : ''},"response":${responseText(response)},"logs":${JSON.stringify(record.logs)}` +
    `,"publish":false,"annotations":${JSON.stringify(record.annotations)}}`
  );
}

export function responseText(response: ActivationRecord['response']): string {
  return (
    `{"status":"${statusNames[response.statusCode]}","success":${response.statusCode === 0}` +
    `${response.result === undefined ? '' : `,"result":${response.result}`}${response.size === undefined ? '' : `,"size":${response.size}`}}`
  );
}

export function summaryText(record: ActivationRecord): string {
  return (
    `{"namespace":${JSON.stringify(record.namespace)},"name":${JSON.stringify(record.name)},"version":"${record.version}"` +
    `,"activationId":"${record.activationId}","start":${record.start}${endText(record)}${record.cause ? `,"cause":"${record.cause}"` : ''}` +
    `,"statusCode":${record.response.statusCode},"publish":false,"annotations":${JSON.stringify(record.annotations)}}`
  );
}

function endText(record: ActivationRecord): string {
  if (record.end === 0) return '';
  return `,"end":${record.end}${record.duration === undefined ? '' : `,"duration":${record.duration}`}`;
}

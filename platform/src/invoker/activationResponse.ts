import type { ActivationResponse } from '../model/activation';
import { isJsonObject, type Json, type JsonText } from '../model/json';
import type { ContainerAnswer, ResponseBounds } from './containers/container';

/** Texts of OpenWhisk (reference runtime-protocol, section 4). */
export const responseTexts = {
  initTimeout: (ms: number) => `The action exceeded its time limits of ${ms} milliseconds during initialization.`,
  initLost: 'The action did not initialize and exited unexpectedly.',
  initFailed: (body: string) =>
    body === '' ? 'The action failed during initialization.' : `The action failed during initialization: ${body}`,
  runTimeout: (ms: number) => `The action exceeded its time limits of ${ms} milliseconds.`,
  runLost: 'The action did not produce a valid response and exited unexpectedly.',
  runInvalid: (body: string) =>
    body === ''
      ? 'The action did not produce a valid JSON or JSON Array response.'
      : `The action did not produce a valid JSON or JSON Array response: ${body}`,
  outOfMemory: 'The action exhausted its memory and was aborted.',
  tooLarge: (is: number, allowed: number, start: string) =>
    `The action produced a response that exceeded the allowed length: ${is} > ${allowed} bytes. The truncated response was: ${start}`,
  notProvisioned: 'Failed to provision resources to run the action.',
  actionGone: 'Action could not be found or may have been deleted.',
  actionUnreadable: 'Action could not be fetched.',
  outcomeUnknown: 'The platform stopped before the outcome of this activation was known.',
  recordRefused: 'The record of this activation could not be kept as it was.',
  wrongVersion: 'Action version is not compatible and cannot be invoked.',
} as const;

const applicationError = 1;
const developerError = 2;
const whiskError = 3;

/** What /init came to, when it is not success. */
export function initFailure(answer: ContainerAnswer, timeoutMs: number, bounds: ResponseBounds): ActivationResponse {
  if (answer.type === 'timeout') return failure(developerError, responseTexts.initTimeout(timeoutMs));
  if (answer.type === 'connectionLost')
    return failure(developerError, answer.outOfMemory ? responseTexts.outOfMemory : responseTexts.initLost);
  if (answer.truncatedFrom !== undefined) {
    return failure(developerError, responseTexts.tooLarge(answer.truncatedFrom, bounds.max, answer.body), answer.truncatedFrom);
  }
  const told = errorOf(parse(answer.body));
  return failure(developerError, told === undefined ? responseTexts.initFailed(answer.body) : told, answer.body.length);
}

/** What /run came to. A result stays the text the container sent; it is parsed once, to know what it is. */
export function runResponse(answer: ContainerAnswer, timeoutMs: number, bounds: ResponseBounds): ActivationResponse {
  if (answer.type === 'timeout') return failure(developerError, responseTexts.runTimeout(timeoutMs));
  if (answer.type === 'connectionLost')
    return failure(developerError, answer.outOfMemory ? responseTexts.outOfMemory : responseTexts.runLost);
  const { body, status, truncatedFrom } = answer;
  if (truncatedFrom !== undefined) return failure(applicationError, responseTexts.tooLarge(truncatedFrom, bounds.max, body), truncatedFrom);
  const value = parse(body);
  const told = errorOf(value);
  if (status !== 200) return failure(developerError, told === undefined ? responseTexts.runInvalid(body) : told, body.length);
  if (told !== undefined) return failure(applicationError, told, body.length);
  if (typeof value !== 'object' || value === null) return failure(developerError, responseTexts.runInvalid(body), body.length);
  return { statusCode: 0, result: compact(body), size: body.length };
}

export function whiskFailure(text: string): ActivationResponse {
  return failure(whiskError, text);
}

export function applicationFailure(text: string): ActivationResponse {
  return failure(applicationError, text);
}

export function developerFailure(text: string): ActivationResponse {
  return failure(developerError, text);
}

function failure(statusCode: 1 | 2 | 3, error: Json, size?: number): ActivationResponse {
  const result = `{"error":${JSON.stringify(error)}}`;
  return size === undefined ? { statusCode, result } : { statusCode, result, size };
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function errorOf(value: Json | undefined): Json | undefined {
  return isJsonObject(value) && Object.hasOwn(value, 'error') ? value.error : undefined;
}

/** White space outside of strings always touches one of the structural characters, or an end. */
const spaced = /^\s|\s$|[[\]{},:]\s|\s[[\]{},:]/;
const stringOrSpace = /("[^"\\]*(?:\\.[^"\\]*)*")|\s+/gs;

/** The text of valid JSON without white space between its tokens; numbers keep every digit. */
export function compact(text: JsonText): JsonText {
  return spaced.test(text) ? text.replace(stringOrSpace, '$1') : text;
}

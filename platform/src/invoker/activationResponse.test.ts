import { compact, initFailure, runResponse } from './activationResponse';
import type { ContainerAnswer } from './containers/container';

const bounds = { max: 100, truncation: 50 };
const response = (status: number, body: string): ContainerAnswer => ({ type: 'response', status, body });
const lost = (outOfMemory: boolean): ContainerAnswer => ({ type: 'connectionLost', outOfMemory });
const timeout: ContainerAnswer = { type: 'timeout' };
const cut: ContainerAnswer = { type: 'response', status: 200, body: '{"a":"xxx', truncatedFrom: 120 };
const tooLarge = 'The action produced a response that exceeded the allowed length: 120 > 100 bytes. The truncated response was: {"a":"xxx';
const invalid = 'The action did not produce a valid JSON or JSON Array response';

describe('the response to /run', () => {
  const cases: [string, ContainerAnswer, number, string, number | undefined][] = [
    ['an object', response(200, '{"a":1}'), 0, '{"a":1}', 7],
    ['an array', response(200, '[1,{"error":2}]'), 0, '[1,{"error":2}]', 15],
    ['digits that no double holds', response(200, '{"n":12345678901234567890}'), 0, '{"n":12345678901234567890}', 26],
    ['an object with error drops the rest', response(200, '{"error":"bad","x":1}'), 1, '{"error":"bad"}', 21],
    ['error null is an error', response(200, '{"error":null}'), 1, '{"error":null}', 14],
    ['an error further down is none', response(200, '{"x":{"error":1}}'), 0, '{"x":{"error":1}}', 17],
    ['null', response(200, 'null'), 2, `{"error":"${invalid}: null"}`, 4],
    ['a scalar', response(200, '5'), 2, `{"error":"${invalid}: 5"}`, 1],
    ['no JSON', response(200, 'oops'), 2, `{"error":"${invalid}: oops"}`, 4],
    ['an empty body', response(200, ''), 2, `{"error":"${invalid}."}`, 0],
    ['not 200 with error', response(502, '{"error":{"a":1}}'), 2, '{"error":{"a":1}}', 17],
    ['not 200 without error', response(500, '{"a":1}'), 2, `{"error":"${invalid}: {\\"a\\":1}"}`, 7],
    ['a time-out', timeout, 2, '{"error":"The action exceeded its time limits of 500 milliseconds."}', undefined],
    ['a lost connection', lost(false), 2, '{"error":"The action did not produce a valid response and exited unexpectedly."}', undefined],
    ['an end for want of memory', lost(true), 2, '{"error":"The action exhausted its memory and was aborted."}', undefined],
    ['a body above the limit', cut, 1, JSON.stringify({ error: tooLarge }), 120],
    ['characters, not bytes, are the size', response(200, '{"a":"é😀"}'), 0, '{"a":"é😀"}', 11],
  ];
  test.each(cases)('%s', (_name, answer, statusCode, result, size) => {
    expect(runResponse(answer, 500, bounds)).toEqual({ statusCode, result, ...(size === undefined ? {} : { size }) });
  });
});

describe('the response to a failed /init', () => {
  const cases: [string, ContainerAnswer, string, number | undefined][] = [
    ['error told', response(502, '{"error":"no"}'), '{"error":"no"}', 14],
    ['another body', response(500, 'x'), '{"error":"The action failed during initialization: x"}', 1],
    ['an empty body', response(500, ''), '{"error":"The action failed during initialization."}', 0],
    ['a time-out', timeout, '{"error":"The action exceeded its time limits of 500 milliseconds during initialization."}', undefined],
    ['a lost connection', lost(false), '{"error":"The action did not initialize and exited unexpectedly."}', undefined],
    ['an end for want of memory', lost(true), '{"error":"The action exhausted its memory and was aborted."}', undefined],
    ['a body above the limit', cut, JSON.stringify({ error: tooLarge }), 120],
  ];
  test.each(cases)('%s', (_name, answer, result, size) => {
    expect(initFailure(answer, 500, bounds)).toEqual({ statusCode: 2, result, ...(size === undefined ? {} : { size }) });
  });
});

describe('compact', () => {
  test.each([
    ['{"a": 1, "b": [1, 2]}', '{"a":1,"b":[1,2]}'],
    [' {"a" :1}\n', '{"a":1}'],
    ['{\n  "a": "x, y: {z} \\" , "\n}', '{"a":"x, y: {z} \\" , "}'],
    ['[ ]', '[]'],
    ['{"n": 12345678901234567890.10}', '{"n":12345678901234567890.10}'],
  ])('%j', (text, expected) => {
    expect(compact(text)).toBe(expected);
  });

  it('leaves compact text as it is, blanks in strings included', () => {
    const text = '{"a":"b: c, d","e":[1,true,null]}';
    expect(compact(text)).toBe(text);
  });
});

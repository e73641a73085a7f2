import type { ActivationRecord } from '../model/activation';
import type { Acknowledgement, ActivationMessage } from './messages';
import { completedTopic, invokerTopic } from './topics';

const work = invokerTopic('invoker0');
const completed = completedTopic('0', 2048);

const message: ActivationMessage = {
  transactionId: 'abc',
  transactionStart: 1_700_000_000_000,
  action: { path: 'guest/pkg', name: 'hello', version: '0.0.3', revision: '2-ab', binding: 'guest/bound' },
  user: {
    subject: 'guest-subject',
    namespace: { name: 'guest', uuid: '23bc46b1-71f6-4ed5-8c54-816aa4f8c502' },
    authkey: { uuid: '23bc46b1-71f6-4ed5-8c54-816aa4f8c502', key: 'k'.repeat(64) },
    limits: { concurrentInvocations: 7 },
  },
  activationId: '0123456789abcdef0123456789abcdef',
  rootController: '1',
  blocking: true,
  content: '{"n":12345678901234567890, "t":"\\u0041"}',
  initArgs: ['x'],
  cause: 'fedcba9876543210fedcba9876543210',
  extraLogging: true,
  claim: { after: 1_700_000_000_500, copy: 'one' },
};

const record: ActivationRecord = {
  namespace: 'guest',
  name: 'hello',
  subject: 'guest-subject',
  activationId: message.activationId,
  start: 10,
  end: 15,
  duration: 5,
  cause: 'c',
  response: { statusCode: 0, result: '{"big":12345678901234567890}', size: 28 },
  logs: [],
  version: '0.0.3',
  annotations: [{ key: 'path', value: 'guest/pkg/hello' }],
};

/** The fields and their shapes: reference messaging, sections 2 and 3. */
test("an activation message has OpenWhisk's form", () => {
  const text = work.encode(message);
  expect(text).toContain('"content":{"n":12345678901234567890, "t":"\\u0041"}');
  const { content: _, ...rest } = JSON.parse(text);
  expect(rest).toEqual({
    transid: ['abc', 1_700_000_000_000, true],
    action: { path: 'guest/pkg', name: 'hello', version: '0.0.3', binding: 'guest/bound' },
    revision: '2-ab',
    user: {
      subject: 'guest-subject',
      namespace: { name: 'guest', uuid: '23bc46b1-71f6-4ed5-8c54-816aa4f8c502' },
      authkey: { api_key: `23bc46b1-71f6-4ed5-8c54-816aa4f8c502:${'k'.repeat(64)}` },
      rights: ['READ', 'PUT', 'DELETE', 'ACTIVATE'],
      limits: { concurrentInvocations: 7 },
    },
    activationId: message.activationId,
    rootControllerIndex: { asString: '1', instanceType: 'controller' },
    blocking: true,
    initArgs: ['x'],
    lockedArgs: {},
    cause: 'fedcba9876543210fedcba9876543210',
    // our own, passed over by others
    claim: { after: 1_700_000_000_500, copy: 'one' },
  });
  expect(work.decode(text)).toEqual(message);
});

test('a message of another controller is read, whatever more or less it has', () => {
  const foreign = {
    transid: ['t', 5, false, ['parent', 1]],
    action: '/guest/hello',
    revision: null,
    user: { subject: 's', namespace: { name: 'guest', uuid: 'u' }, authkey: { api_key: 'u:k' }, rights: [], limits: {}, more: 1 },
    activationId: 'a',
    rootControllerIndex: { asString: '7' },
    blocking: false,
    traceContext: {},
  };
  expect(work.decode(JSON.stringify(foreign, null, 2))).toEqual({
    transactionId: 't',
    transactionStart: 5,
    action: { path: 'guest', name: 'hello', version: '0.0.1', revision: '' },
    user: { subject: 's', namespace: { name: 'guest', uuid: 'u' }, authkey: { uuid: 'u', key: 'k' }, limits: {} },
    activationId: 'a',
    rootController: '7',
    blocking: false,
    content: '{}',
    initArgs: [],
  });
});

test.each(['', '[]', 'null', '{}', '{"transid":["t",1]}'])('what is no message is refused: %s', (text) => {
  expect(() => work.decode(text)).toThrow();
  expect(() => completed.decode(text)).toThrow();
});

const ack = { activationId: record.activationId, transactionId: 't', transactionStart: 3, isSystemError: false };
const instance = { instance: 2, userMemory: '2048 MB', instanceType: 'invoker', tags: [], dedicatedNamespaces: [] };

test.each<[string, Acknowledgement, object]>([
  [
    'combined',
    { ...ack, record, slotFree: true, invoker: 'invoker2' },
    { transid: ['t', 3], response: expect.objectContaining({ publish: false, namespace: 'guest' }), isSystemError: false, instance },
  ],
  [
    'completion',
    { ...ack, slotFree: true, isSystemError: true, invoker: 'invoker2' },
    { transid: ['t', 3], activationId: record.activationId, isSystemError: true, instance },
  ],
  ['result', { ...ack, record, slotFree: false, invoker: '' }, { transid: ['t', 3], response: expect.objectContaining({ start: 10 }) }],
  ['result, shrunk', { ...ack, recordOmitted: true, slotFree: false, invoker: '' }, { transid: ['t', 3], response: record.activationId }],
])("the %s acknowledgement has OpenWhisk's form", (_, message, form) => {
  const text = completed.encode(message);
  expect(JSON.parse(text)).toEqual(form);
  expect(completed.decode(text)).toEqual(message);
});

test('a result keeps every digit on its way', () => {
  const text = completed.encode({ ...ack, record, slotFree: false, invoker: '' });
  expect(text).toContain('"result":{"big":12345678901234567890}');
});

test('an acknowledgement that is too large is sent without its record', () => {
  expect(completed.shrink!({ ...ack, record, slotFree: true, invoker: 'invoker2' })).toEqual({
    ...ack,
    recordOmitted: true,
    slotFree: true,
    invoker: 'invoker2',
  });
});

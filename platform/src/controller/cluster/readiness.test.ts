import type { InvokerStatus } from '../../balancer/loadBalancer';
import { Readiness } from './readiness';

let invokers: { name: string; status: InvokerStatus }[];
let bus: { busWorks: boolean };
let store: { answer: () => Promise<undefined> };
let readiness: Readiness;

beforeEach(() => {
  invokers = [{ name: 'invoker0/0', status: 'up' }];
  bus = { busWorks: true };
  store = { answer: async () => undefined };
  readiness = new Readiness({ balancer: { invokers: () => invokers }, bus, artifacts: { getWithoutCode: () => store.answer() } });
});

test('ready when bus, store and an invoker are', async () => {
  expect(await readiness.unready()).toBeUndefined();
});

test.each([
  ['The message bus does not answer.', () => Object.assign(bus, { busWorks: false })],
  ['There is no healthy invoker.', () => Object.assign(invokers[0]!, { status: 'unhealthy' })],
  ['The database does not answer.', () => Object.assign(store, { answer: () => Promise.reject(new Error('refused')) })],
  ['The controller is stopping.', () => readiness.drain()],
])('%s', async (reason, happens) => {
  happens();
  expect(await readiness.unready()).toBe(reason);
});

test('a store that hangs is not waited for', async () => {
  store.answer = () => new Promise(() => {});
  expect(await readiness.unready()).toBe('The database does not answer.');
});

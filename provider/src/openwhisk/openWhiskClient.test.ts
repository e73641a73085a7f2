import { FakeOpenWhisk } from '../testing/fakeOpenWhisk';
import { testContext } from '../testing/operationContext';
import { ApiError, ConnectionError } from './errors';
import { apiHostUrl } from './openWhiskClient';

const fake = new FakeOpenWhisk();
let apiHost: string;
beforeAll(async () => {
  apiHost = await fake.listen();
});
afterAll(() => fake.close());
beforeEach(() => {
  fake.entities.clear();
  fake.requests.length = 0;
  fake.failures.length = 0;
});
const trigger = { namespace: 'guest', name: 't' };

it.each([
  ['openwhisk.example.com', 'https://openwhisk.example.com'],
  ['http://127.0.0.1:3233/', 'http://127.0.0.1:3233'],
  ['https://host/api/v1', 'https://host'],
])('takes %s as %s', (given, url) => {
  expect(apiHostUrl(given)).toBe(url);
});

it('puts names into the path safely', async () => {
  const context = testContext({ apiHost });
  await context
    .openwhisk()
    .create('actions', { namespace: 'guest', package: 'my pkg', name: 'a&b' }, { exec: { kind: 'nodejs:20', code: '' } }, context);
  expect(fake.requests[0]).toMatchObject({ method: 'PUT', path: '/api/v1/namespaces/guest/actions/my pkg/a&b', query: '?overwrite=false' });
});

it('tells errors in the words of the host, with the request and the transaction', async () => {
  fake.failures.push({ status: 403, error: 'The supplied authentication is not authorized to access this resource.' });
  const context = testContext({ apiHost });
  const error = await context
    .openwhisk()
    .update('triggers', trigger, {}, context)
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({
    status: 403,
    message: 'The supplied authentication is not authorized to access this resource.',
    request: 'PUT /api/v1/namespaces/guest/triggers/t',
    details: { transactionId: 'tid' },
  });
});

it('is not put off by an unavailable host and a lost race', async () => {
  fake.failures.push({ status: 503, error: 'busy' }, { status: 409, error: 'Concurrent modification to resource detected.' });
  const context = testContext({ apiHost });
  await context.openwhisk().update('triggers', trigger, {}, context);
  expect(fake.requests).toHaveLength(3);
});

it('recognises an entity it made although the answer was lost', async () => {
  fake.failures.push('drop');
  const context = testContext({ apiHost });
  const { entity, uncertain } = await context.openwhisk().create('triggers', trigger, {}, context);
  expect(entity.name).toBe('t');
  expect(uncertain).toBe(true);
});

it('does not take an entity for its own that was there before', async () => {
  const context = testContext({ apiHost });
  await context.openwhisk().create('triggers', trigger, {}, context);
  await expect(context.openwhisk().create('triggers', trigger, {}, context)).rejects.toThrow('resource already exists');
});

it('takes a missing entity for deleted', async () => {
  const context = testContext({ apiHost });
  await context.openwhisk().delete('triggers', trigger, context);
  expect(await context.openwhisk().get('triggers', trigger, context)).toBeUndefined();
});

it('says in words that nothing is listening', async () => {
  const context = testContext({ apiHost: 'http://127.0.0.1:1' });
  const error = await context
    .openwhisk()
    .namespace(context)
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ConnectionError);
  expect((error as Error).message).toBe('No connection to http://127.0.0.1:1: nothing is listening there.');
});

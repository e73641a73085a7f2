import { FakeOpenWhisk } from '../testing/fakeOpenWhisk';
import { Lifecycle } from '../testing/lifecycle';
import { testContext } from '../testing/operationContext';
import { PartialFailureError } from './errors';
import { namespaceModel } from './namespace';
import { packageModel } from './package';
import type { ResourceModel } from './resourceModel';
import { ruleModel } from './rule';
import { triggerModel } from './trigger';
import { Secret, UNKNOWN, type ValueMap } from './values';

const fake = new FakeOpenWhisk();
let apiHost: string;
beforeAll(async () => {
  apiHost = await fake.listen();
});
afterAll(() => fake.close());
beforeEach(() => {
  fake.entities.clear();
  fake.namespaces.clear();
  fake.requests.length = 0;
  fake.failures.length = 0;
});
const lifecycle = (model: ResourceModel, logicalName = 'it') => new Lifecycle(model, testContext({ apiHost, logicalName }));
const lastBody = () => fake.requests.at(-1)!.body;

const ENTITIES: [string, ResourceModel, ValueMap][] = [
  ['Package', packageModel, { parameters: { a: new Secret(1) }, annotations: { d: 'x' }, publish: true }],
  ['Trigger', triggerModel, { parameters: { a: { b: [1, 'x'] } }, annotations: { d: 'x' } }],
  ['Rule', ruleModel, { trigger: 'visit', action: 'hello/greet', status: 'inactive', annotations: { d: 'x' } }],
];

describe.each(ENTITIES)('%s', (type, model, inputs) => {
  it('is the same after create, refresh and import', async () => {
    const it = lifecycle(model);
    const old = await it.create(inputs);
    expect(old.id).toBe('guest/it');
    expect(await it.diff(old, inputs)).toEqual([]);
    expect(await it.refresh(old)).toEqual(old);
    const imported = (await it.import('guest/it'))!;
    expect(await it.diff(imported, inputs)).toEqual([]);
  });

  it('predicts its outputs', async () => {
    const it = lifecycle(model);
    const predicted = await it.predict(inputs);
    expect(predicted).toEqual({ id: 'guest/it', outputs: (await it.create(inputs)).outputs });
  });

  it('names the import command when it exists', async () => {
    const it = lifecycle(model);
    await it.create(inputs);
    await expect(it.create(inputs)).rejects.toThrow(`pulumi import openwhisk:index:${type} it guest/it`);
  });

  it('is replaced under another name or namespace', async () => {
    const it = lifecycle(model);
    const old = await it.create(inputs);
    expect(await it.diff(old, { ...inputs, name: 'other' })).toEqual(['replace update name']);
    expect(await it.diff(old, { ...inputs, namespace: 'other' })).toEqual(['replace update namespace']);
  });

  it('sends only what changed, and removes what the program removed', async () => {
    const it = lifecycle(model);
    const old = await it.create(inputs);
    const changed = { ...inputs, annotations: {} };
    expect(await it.diff(old, changed)).toEqual(['delete annotations.d']);
    const updated = await it.update(old, changed);
    expect(lastBody()).toMatchObject({ annotations: [] });
    expect(lastBody()).not.toHaveProperty('parameters');
    expect(updated.outputs.version).toBe('0.0.2');
    expect(await it.refresh(updated)).toEqual(updated);
  });

  it('shows the drift, and that it is gone', async () => {
    const it = lifecycle(model);
    const old = await it.create(inputs);
    fake.entities.get('guest/it')!.annotations = [{ key: 'd', value: 'changed' }];
    const live = (await it.refresh(old))!;
    expect(await it.diff({ ...old, ...live }, inputs)).toEqual(['update annotations.d']);
    fake.entities.clear();
    expect(await it.refresh(old)).toBeUndefined();
    await it.delete(old);
  });
});

it('refuses the package name the platform reserves', async () => {
  expect(await lifecycle(packageModel).failures({ name: 'default' })).toHaveProperty('name');
});

describe('the targets and the status of a rule', () => {
  const rules = () => lifecycle(ruleModel);
  const inputs = { trigger: 'visit', action: 'hello/greet' };

  it('are written as full paths and compared by what they mean', async () => {
    const old = await rules().create(inputs);
    expect(fake.requests.at(-1)!.body).toEqual({ trigger: '/guest/visit', action: '/guest/hello/greet', annotations: [] });
    expect(await rules().diff(old, { trigger: '/guest/visit', action: '/guest/hello/greet' })).toEqual([]);
    expect(await rules().diff(old, { trigger: '/_/visit', action: 'greet' })).toEqual(['update action']);
    expect(await rules().diff(old, { ...inputs, action: UNKNOWN })).toEqual(['update action']);
  });

  it('are checked with their paths', async () => {
    expect(await rules().failures({ action: 'a/b/c/d', status: 'on' })).toEqual({
      trigger: expect.stringMatching(/is required/),
      action: expect.stringMatching(/use "name"/),
      status: expect.stringMatching(/use "active" or "inactive"/),
    });
  });

  it('change apart from each other', async () => {
    const old = await rules().create(inputs);
    const off = await rules().update(old, { ...inputs, status: 'inactive' });
    expect(fake.requests.at(-1)).toMatchObject({ method: 'POST', body: { status: 'inactive' } });
    expect(off.outputs.version).toBe('0.0.1');
    const moved = await rules().update(off, { ...inputs, action: 'greet', status: 'inactive' });
    expect(fake.requests.at(-1)).toMatchObject({ method: 'PUT', body: { action: '/guest/greet' } });
    expect(fake.entities.get('guest/it')!.status).toBe('inactive');
    expect(moved.outputs).toMatchObject({ version: '0.0.2', status: 'inactive' });
  });

  it('are remembered when the rule was written and its status could not be set', async () => {
    fake.requests.length = 0;
    const it = lifecycle(ruleModel);
    const post = fake.failures;
    const original = post.shift.bind(post);
    // The first request is the PUT, which succeeds.
    let count = 0;
    post.shift = () => (count++ === 0 ? undefined : { status: 500, error: 'There was an internal server error.' });
    const error = await it.create({ ...inputs, status: 'inactive' }).catch((e: unknown) => e);
    post.shift = original;
    expect(error).toBeInstanceOf(PartialFailureError);
    expect(error).toMatchObject({ id: 'guest/it', outputs: { status: 'active', trigger: 'visit' } });
  });
});

describe('Namespace', () => {
  const spaces = () => lifecycle(namespaceModel, 'guest');
  const auth = `12345678-1234-4123-8123-123456789012:${'k'.repeat(64)}`;

  it('is made with a random key, which is a secret', async () => {
    const old = await spaces().create({ limits: { invocationsPerMinute: 10 } });
    expect(old.id).toBe('guest');
    expect(old.outputs.auth).toBeInstanceOf(Secret);
    expect(old.outputs.key).toBeInstanceOf(Secret);
    expect(old.outputs.subject).toBe('guest-subject');
    expect(await spaces().refresh(old)).toEqual(old);
    expect(await spaces().diff(old, { limits: { invocationsPerMinute: 10 } })).toEqual([]);
  });

  it('predicts that its key is not known', async () => {
    const { outputs } = await spaces().predict({});
    expect(outputs).toMatchObject({ name: 'guest', uuid: UNKNOWN, auth: new Secret(UNKNOWN) });
  });

  it('takes a given key and changes it', async () => {
    const old = await spaces().create({ auth });
    expect(old.outputs.auth).toEqual(new Secret(auth));
    const other = auth.replace(/k/g, 'l');
    expect(await spaces().diff(old, { auth: other })).toEqual(['update auth']);
    const updated = await spaces().update(old, { auth: other });
    expect(fake.namespaces.get('guest')).toMatchObject({ auth: other });
    expect(updated.outputs.auth).toEqual(new Secret(other));
  });

  it('replaces its limits as a whole', async () => {
    const old = await spaces().create({ limits: { invocationsPerMinute: 10, firesPerMinute: 5 } });
    const updated = await spaces().update(old, { limits: { invocationsPerMinute: 20 } });
    expect(fake.namespaces.get('guest')!.limits).toEqual({ invocationsPerMinute: 20 });
    await spaces().update(updated, {});
    expect(fake.namespaces.get('guest')!.limits).toEqual({});
  });

  it('is imported with an empty diff', async () => {
    await spaces().create({ limits: { firesPerMinute: 5 } });
    const live = (await spaces().import('guest'))!;
    expect(await spaces().diff(live, { limits: { firesPerMinute: 5 } })).toEqual([]);
  });

  it('is not deleted with what others made in it, unless forced', async () => {
    const old = await spaces().create({});
    fake.entities.set('guest/foreign', {});
    await expect(spaces().delete(old)).rejects.toThrow(/still holds entities this stack does not manage.*forceDestroy/);
    await spaces().delete({ ...old, inputs: { ...old.inputs, forceDestroy: true } });
    expect(fake.namespaces.size).toBe(0);
    await spaces().delete(old);
  });

  it('refuses bad input with its path', async () => {
    expect(await spaces().failures({ auth: 'x:y', subject: 'me', limits: { perMinute: 1, firesPerMinute: -1 } })).toEqual({
      auth: expect.stringMatching(/64 characters/),
      subject: expect.stringMatching(/at least 5/),
      'limits.perMinute': expect.stringMatching(/not a limit of a namespace/),
      'limits.firesPerMinute': expect.stringMatching(/not negative/),
    });
  });
});

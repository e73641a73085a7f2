import { FakeOpenWhisk } from '../testing/fakeOpenWhisk';
import { Lifecycle } from '../testing/lifecycle';
import { testContext } from '../testing/operationContext';
import { actionModel } from './action';
import { PartialFailureError } from './errors';
import { namespaceModel } from './namespace';
import { packageModel } from './package';
import { packageBindingModel } from './packageBinding';
import type { ResourceModel } from './resourceModel';
import { ruleModel } from './rule';
import { sequenceModel } from './sequence';
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
  fake.entities.set('guest/behind', {
    parameters: [
      { key: 'a', value: 'of the package' },
      { key: 'b', value: 'of the package' },
    ],
  });
});
const lifecycle = (model: ResourceModel, logicalName = 'it') => new Lifecycle(model, testContext({ apiHost, logicalName }));
const lastBody = () => fake.requests.at(-1)!.body;

const ENTITIES: [string, ResourceModel, ValueMap][] = [
  ['Package', packageModel, { parameters: { a: new Secret(1) }, annotations: { d: 'x' }, publish: true }],
  ['Trigger', triggerModel, { parameters: { a: { b: [1, 'x'] } }, annotations: { d: 'x' } }],
  ['PackageBinding', packageBindingModel, { package: '/guest/behind', parameters: { a: new Secret(1) }, annotations: { d: 'x' } }],
  ['Sequence', sequenceModel, { components: ['one', '/guest/p/two'], annotations: { d: 'x' } }],
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
    const body = lastBody() as { annotations?: unknown[]; delAnnotations?: string[] };
    // Actions merge annotations, so there the key is named; everything else replaces them.
    expect(type === 'Sequence' ? body.delAnnotations : body.annotations).toEqual(type === 'Sequence' ? ['d'] : []);
    expect(lastBody()).not.toHaveProperty('parameters');
    expect(updated.outputs.version).toBe('0.0.2');
    expect(await it.refresh(updated)).toEqual(updated);
  });

  it('changes nothing when nothing is left to change, and repeats what it is told', async () => {
    const it = lifecycle(model);
    const old = await it.create(inputs);
    const again = await it.update(old, inputs);
    expect(await it.refresh(again)).toEqual(again);
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

describe('PackageBinding', () => {
  const bindings = () => lifecycle(packageBindingModel);
  const inputs: ValueMap = { package: 'behind', parameters: { own: 1 } };

  it('is bound by the full name, and compared by it', async () => {
    const old = await bindings().create(inputs);
    expect(fake.requests.at(-1)!.body).toMatchObject({ binding: { namespace: 'guest', name: 'behind' } });
    expect(await bindings().diff(old, { ...inputs, package: '/_/behind' })).toEqual([]);
    expect(await bindings().diff(old, { ...inputs, package: 'guest/behind' })).toEqual([]);
    fake.entities.set('other/utils', { parameters: [] });
    expect(await bindings().diff(old, { ...inputs, package: '/other/utils' })).toEqual(['update package']);
    const moved = await bindings().update(old, { ...inputs, package: '/other/utils' });
    expect(fake.requests.at(-1)!.body).toEqual({ binding: { namespace: 'other', name: 'utils' } });
    expect(await bindings().refresh(moved)).toEqual(moved);
  });

  it('does not take the parameters of its package, nor the annotation of the platform, for its own', async () => {
    const old = await bindings().create(inputs);
    const live = (await bindings().import('guest/it'))!;
    expect(live.inputs).toEqual({ name: 'it', namespace: 'guest', package: '/guest/behind', parameters: { own: 1 } });
    expect(await bindings().refresh(old)).toEqual(old);
  });

  it('is not forgotten when the package behind it is gone', async () => {
    const old = await bindings().create(inputs);
    fake.entities.delete('guest/behind');
    expect(await bindings().refresh(old)).toEqual(old);
    fake.entities.delete('guest/it');
    expect(await bindings().refresh(old)).toBeUndefined();
  });

  it('is no package, and a package is none', async () => {
    await bindings().create(inputs);
    await expect(lifecycle(packageModel).import('guest/it')).rejects.toThrow(/is a package binding/);
    await lifecycle(packageModel, 'own').create({});
    await expect(bindings().import('guest/own')).rejects.toThrow(/not a package binding/);
  });

  it('is checked with its paths', async () => {
    expect(await bindings().failures({ package: 'a/b/c', annotations: { binding: 1 } })).toEqual({
      package: expect.stringMatching(/does not name a package/),
      'annotations.binding': expect.stringMatching(/written by the platform/),
    });
    expect(await bindings().failures({})).toEqual({ package: expect.stringMatching(/is required/) });
  });
});

describe('Sequence', () => {
  const sequences = () => lifecycle(sequenceModel);
  const inputs: ValueMap = { components: ['one', 'p/two', 'three'], annotations: { d: 1 }, web: true };

  it.each<[string, ValueMap, string[]]>([
    ['nothing', inputs, []],
    ['full names', { ...inputs, components: ['/guest/one', '/_/p/two', '/guest/three'] }, []],
    ['one component', { ...inputs, components: ['one', 'p/other', 'three'] }, ['update components[1]']],
    ['a longer one', { ...inputs, components: ['one', 'p/two', 'three', 'four'] }, ['add components[3]']],
    ['a shorter one', { ...inputs, components: ['one', 'p/two'] }, ['delete components[2]']],
    ['an unknown one', { ...inputs, components: ['one', UNKNOWN, 'three'] }, ['update components[1]']],
    ['all unknown', { ...inputs, components: UNKNOWN }, ['update components']],
    ['web', { ...inputs, web: 'raw' }, ['update web']],
    ['another package', { ...inputs, package: 'p' }, ['replace add package']],
  ])('differs by %s', async (_what, wanted, changes) => {
    expect(await sequences().diff(await sequences().create(inputs), wanted)).toEqual(changes);
  });

  it('sends full names, and annotations that are to go in an update of their own', async () => {
    const old = await sequences().create(inputs);
    expect(fake.requests.at(-1)!.body).toMatchObject({
      exec: { kind: 'sequence', components: ['/guest/one', '/guest/p/two', '/guest/three'] },
    });
    const wanted = { components: ['one'], web: true };
    const updated = await sequences().update(old, wanted);
    expect(lastBody()).toEqual({ delAnnotations: ['d'] });
    expect(await sequences().refresh(updated)).toEqual(updated);
    expect(await sequences().diff(updated, wanted)).toEqual([]);
  });

  it('shows which component somebody exchanged', async () => {
    const old = await sequences().create(inputs);
    (fake.entities.get('guest/it')!.exec as { components: string[] }).components[1] = '/guest/foreign';
    const live = (await sequences().refresh(old))!;
    expect(live.inputs.components).toEqual(['one', '/guest/foreign', 'three']);
    expect(await sequences().diff({ ...old, ...live }, inputs)).toEqual(['update components[1]']);
  });

  it('is checked with its paths', async () => {
    expect(await sequences().failures({ components: ['a', 'a/b/c/d', 1] })).toEqual({
      'components[1]': expect.stringMatching(/does not name an action/),
      'components[2]': expect.stringMatching(/must be the name/),
    });
    expect(await sequences().failures({ components: [] })).toEqual({ components: expect.stringMatching(/at least one/) });
    expect(await sequences().failures({})).toEqual({ components: expect.stringMatching(/is required/) });
  });

  it('is no action', async () => {
    await lifecycle(actionModel).create({ code: 'x()', kind: 'nodejs:20' });
    await expect(sequences().import('guest/it')).rejects.toThrow(/not a sequence/);
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
    // The engine remembers the inputs as they were wanted: what is still to be done shows in the outputs.
    const left = {
      id: 'guest/it',
      inputs: await it.check({ ...inputs, status: 'inactive' }),
      outputs: (error as PartialFailureError).outputs,
    };
    expect(await it.diff(left, { ...inputs, status: 'inactive' })).toEqual(['update status']);
    const healed = await it.update(left, { ...inputs, status: 'inactive' });
    expect(fake.entities.get('guest/it')!.status).toBe('inactive');
    expect(await it.diff(healed, { ...inputs, status: 'inactive' })).toEqual([]);
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

  it('gets another random key whenever rotateKey changes, and only then', async () => {
    const old = await spaces().create({ rotateKey: 'spring' });
    const same = await spaces().update(old, { rotateKey: 'spring', blocked: true });
    expect(same.outputs.auth).toEqual(old.outputs.auth);
    expect(await spaces().diff(same, { rotateKey: 'autumn', blocked: true })).toEqual(['update rotateKey']);
    expect((await spaces().predict({ rotateKey: 'autumn', blocked: true }, same)).outputs).toMatchObject({
      auth: new Secret(UNKNOWN),
      key: new Secret(UNKNOWN),
      uuid: UNKNOWN,
    });
    const renewed = await spaces().update(same, { rotateKey: 'autumn', blocked: true });
    expect(renewed.outputs.auth).not.toEqual(old.outputs.auth);
    expect(renewed.outputs.auth).toEqual(new Secret(fake.namespaces.get('guest')!.auth as string));
    const kept = await spaces().update(renewed, { blocked: true });
    expect(kept.outputs.auth).toEqual(renewed.outputs.auth);
    expect(await spaces().failures({ auth, rotateKey: 'x' })).toHaveProperty('rotateKey');
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

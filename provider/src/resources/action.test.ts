import { FakeOpenWhisk } from '../testing/fakeOpenWhisk';
import { type Deployed, Lifecycle } from '../testing/lifecycle';
import { testContext } from '../testing/operationContext';
import { actionModel } from './action';
import { packZip } from './code/zipArchive';
import { Secret, SourceArchive, SourceFile, UNKNOWN, type ValueMap } from './values';

const fake = new FakeOpenWhisk();
let actions: Lifecycle;
beforeAll(async () => {
  actions = new Lifecycle(actionModel, testContext({ apiHost: await fake.listen(), logicalName: 'greet' }));
});
afterAll(() => fake.close());
beforeEach(() => {
  fake.entities.clear();
  fake.requests.length = 0;
  fake.failures.length = 0;
});

const SOURCE = 'exports.main = () => ({ ok: true })';
const BASE: ValueMap = {
  code: SOURCE,
  kind: 'nodejs:default',
  parameters: { greeting: 'Hello', token: new Secret('s3cret') },
  annotations: { description: 'd' },
};
const files = (text: string) =>
  new SourceArchive({ entries: { 'index.js': new SourceFile({ text }), 'lib/a.js': new SourceFile({ text: 'a' }) } });
const lastBody = () => fake.requests.at(-1)!.body!;

describe('check', () => {
  it('takes the name from the resource and the kind from the files', async () => {
    const checked = await actions.check({ code: new SourceArchive({ entries: { '__main__.py': new SourceFile({ text: '' }) } }) });
    expect(checked).toMatchObject({ name: 'greet', namespace: 'guest', kind: 'python:default' });
  });

  it.each<[string, ValueMap, string, RegExp]>([
    ['an unknown property', { code: SOURCE, kind: 'nodejs:20', paramaters: {} }, 'paramaters', /is not a property of this resource/],
    ['a near miss', { code: SOURCE, kind: 'nodejs:20', Web: true }, 'Web', /did you mean "web"/],
    ['a bad name', { ...BASE, name: 'a/b' }, 'name', /"a\/b" may hold/],
    ['no code', { kind: 'nodejs:20' }, 'code', /is required/],
    ['code that is not there', { code: new SourceFile({ path: '/nowhere/x.js' }) }, 'code', /There is no file/],
    ['code of no known kind', { code: SOURCE }, 'kind', /cannot be told from the code/],
    ['a kind without version', { code: SOURCE, kind: 'nodejs' }, 'kind', /"nodejs" is not a kind/],
    ['a sequence', { code: SOURCE, kind: 'sequence' }, 'kind', /resource of its own/],
    ['a fraction of a limit', { ...BASE, limits: { memory: 128.5 } }, 'limits.memory', /whole number of MB/],
    ['an unknown limit', { ...BASE, limits: { cpu: 1 } }, 'limits.cpu', /not a limit of an action/],
    ['a file as a parameter', { ...BASE, parameters: { 'a.b': [new SourceFile({ text: '' })] } }, 'parameters["a.b"][0]', /is a file/],
    ['parameters that are too large', { ...BASE, parameters: { x: 'y'.repeat(1 << 20) } }, 'parameters', /is the most the platform stores/],
    ['a bad web value', { ...BASE, web: 'yes' }, 'web', /true, false or "raw"/],
    ['a web key without web', { ...BASE, webSecure: true }, 'webSecure', /set web too/],
    ['a managed annotation', { ...BASE, annotations: { 'web-export': true } }, 'annotations["web-export"]', /through the input web/],
    ['a parameter twice', { ...BASE, initParameters: { greeting: 1 } }, 'initParameters.greeting', /among the parameters too/],
    ['a kind with an image', { image: 'me/it', kind: 'nodejs:20' }, 'kind', /of kind "blackbox"/],
  ])('refuses %s with its path', async (_what, inputs, path, reason) => {
    expect(await actions.failures(inputs)).toEqual({ [path]: expect.stringMatching(reason) });
  });

  it('lets unknown values pass', async () => {
    const checked = await actions.check({
      name: UNKNOWN,
      kind: UNKNOWN,
      code: UNKNOWN,
      parameters: { a: UNKNOWN },
      limits: { memory: UNKNOWN },
    });
    expect(checked.codeHash).toBe(UNKNOWN);
  });

  it('hides the hashes of secret code', async () => {
    expect((await actions.check({ ...BASE, code: new Secret(SOURCE) })).codeHash).toBeInstanceOf(Secret);
  });
});

describe('diff', () => {
  let old: Deployed;
  beforeEach(async () => {
    old = await actions.create({ ...BASE, code: files('one') });
  });
  const now: ValueMap = { ...BASE, code: files('one') };

  it.each<[string, ValueMap, string[]]>([
    ['nothing', now, []],
    ['the default kind spelled out', { ...now, kind: 'nodejs:20' }, []],
    ['default limits spelled out', { ...now, limits: { memory: 256, timeout: 60000 } }, []],
    ['no web spelled out', { ...now, web: false, publish: false }, []],
    ['an empty map', { ...now, initParameters: {} }, []],
    ['a parameter that is a secret now', { ...now, parameters: { greeting: new Secret('Hello'), token: 's3cret' } }, []],
    ['one file', { ...now, code: files('two') }, ['update code', 'update codeFiles["index.js"]']],
    ['a parameter', { ...now, parameters: { greeting: 'Hi', token: 's3cret' } }, ['update parameters.greeting']],
    ['a parameter taken away', { ...now, parameters: { token: 's3cret' } }, ['delete parameters.greeting']],
    ['an unknown parameter', { ...now, parameters: { greeting: UNKNOWN, token: 's3cret' } }, ['update parameters.greeting']],
    ['an annotation', { ...now, annotations: {} }, ['delete annotations.description']],
    ['a limit', { ...now, limits: { memory: 128 } }, ['add limits.memory']],
    ['another version', { ...now, kind: 'nodejs:18' }, []],
    ['another language', { ...now, kind: 'python:default' }, ['update kind']],
    ['main', { ...now, main: 'run' }, ['add main']],
    ['web', { ...now, web: 'raw' }, ['add web']],
    ['the name', { ...now, name: 'other' }, ['replace update name']],
    ['the package', { ...now, package: 'p' }, ['replace add package']],
    ['the namespace', { ...now, namespace: 'other' }, ['replace update namespace']],
  ])('of %s', async (_what, inputs, changes) => {
    expect(await actions.diff(old, inputs)).toEqual(changes);
  });

  it('leaves ignored properties alone', async () => {
    expect(await actions.diff(old, { ...now, code: files('two'), web: true }, ['code', 'web'])).toEqual([]);
  });
});

describe('create', () => {
  it('sends everything once and predicts what it gets', async () => {
    const inputs = { ...BASE, package: 'p', web: true, limits: { memory: 128 }, initParameters: { REGION: 'eu' } };
    const predicted = await actions.predict(inputs);
    const made = await actions.create(inputs);
    expect(lastBody()).toEqual({
      exec: { kind: 'nodejs:default', code: SOURCE },
      parameters: [
        { key: 'greeting', value: 'Hello' },
        { key: 'token', value: 's3cret' },
        { key: 'REGION', value: 'eu', init: true },
      ],
      annotations: [
        { key: 'description', value: 'd' },
        { key: 'final', value: true },
        { key: 'raw-http', value: false },
        { key: 'web-export', value: true },
      ],
      limits: { memory: 128 },
    });
    expect(made.id).toBe('guest/p/greet');
    const { resolvedKind, ...known } = made.outputs;
    expect(resolvedKind).toBe('nodejs:20');
    expect(predicted).toEqual({ id: made.id, outputs: { ...known, resolvedKind: UNKNOWN } });
    expect(made.outputs).toMatchObject({
      fqn: '/guest/p/greet',
      version: '0.0.1',
      limits: { memory: 128, timeout: 60000, logs: 10, concurrency: 1 },
    });
    expect(made.outputs.webUrl).toMatch(/\/api\/v1\/web\/guest\/p\/greet$/);
    expect(made.outputs.parameters).toEqual({ greeting: 'Hello', token: new Secret('s3cret') });
  });

  it('names the import command when the action exists', async () => {
    await actions.create(BASE);
    await expect(actions.create(BASE)).rejects.toThrow(
      'The action "guest/greet" exists already and is not managed by this stack; adopt it with: pulumi import openwhisk:index:Action greet guest/greet',
    );
  });

  it('says that the package is missing', async () => {
    fake.failures.push({ status: 404, error: 'The requested resource does not exist.' });
    await expect(actions.create({ ...BASE, package: 'p' })).rejects.toThrow(
      'The package "guest/p" does not exist, so the action "greet" cannot be created in it.',
    );
  });

  it('knows its own action again when the answer was lost', async () => {
    fake.failures.push('drop');
    expect((await actions.create(BASE)).id).toBe('guest/greet');
  });
});

describe('update', () => {
  it('does not send code that did not change', async () => {
    const old = await actions.create({ ...BASE, code: files('one') });
    const updated = await actions.update(old, { ...BASE, code: files('one'), parameters: { greeting: 'Hi' } });
    expect(lastBody()).toEqual({ parameters: [{ key: 'greeting', value: 'Hi' }] });
    expect(updated.outputs.version).toBe('0.0.2');
  });

  it('sends code that did', async () => {
    const old = await actions.create({ ...BASE, code: files('one') });
    await actions.update(old, { ...BASE, code: files('two') });
    const zip = await packZip(
      new Map([
        ['index.js', Buffer.from('two')],
        ['lib/a.js', Buffer.from('a')],
      ]),
    );
    expect(lastBody()).toEqual({ exec: { kind: 'nodejs:default', code: zip.toString('base64') } });
  });

  it('removes what the program removed', async () => {
    const old = await actions.create({ ...BASE, web: true, limits: { memory: 128 }, annotations: { a: 1, b: 2 } });
    const updated = await actions.update(old, { ...BASE, parameters: {}, annotations: { a: 1 } });
    expect(lastBody()).toEqual({ parameters: [], limits: { memory: 256 }, delAnnotations: ['b', 'web-export', 'raw-http', 'final'] });
    expect(fake.entities.get('guest/greet')!.annotations).toEqual([
      { key: 'provide-api-key', value: false },
      { key: 'a', value: 1 },
      { key: 'exec', value: 'nodejs:20' },
    ]);
    expect(updated.outputs.webUrl).toBeUndefined();
  });

  it('takes the key away again rather than leaving the choice to the platform', async () => {
    const old = await actions.create({ ...BASE, annotations: { 'provide-api-key': true } });
    await actions.update(old, { ...BASE, annotations: {} });
    expect(lastBody()).toEqual({ annotations: [{ key: 'provide-api-key', value: false }] });
  });

  it('keeps the live code when code is ignored and the kind changes', async () => {
    const old = await actions.create(BASE);
    const updated = await actions.update(old, { ...BASE, code: 'changed', kind: 'python:default' }, ['code']);
    expect(lastBody()).toEqual({ exec: { kind: 'python:default', code: SOURCE } });
    expect(updated.outputs.codeHash).toBe(old.outputs.codeHash);
    expect(await actions.diff(updated, { ...BASE, code: 'changed', kind: 'python:default' })).toContain('update code');
  });

  it('keeps a random web key for good', async () => {
    const old = await actions.create({ ...BASE, web: true, webSecure: true });
    const key = old.outputs.webSecureKey as Secret;
    expect(key.value).toEqual(expect.stringMatching(/^\S{32}$/));
    const updated = await actions.update(old, { ...BASE, web: true, webSecure: true, main: 'x' });
    expect(updated.outputs.webSecureKey).toEqual(key);
    expect((await actions.refresh(updated))!.inputs.webSecure).toBe(true);
  });
});

describe('read', () => {
  const FULL: ValueMap = {
    ...BASE,
    code: files('one'),
    package: 'p',
    limits: { memory: 128 },
    web: 'raw',
    webSecure: 'a key',
    initParameters: { REGION: new Secret('eu') },
    annotations: { description: 'd', 'provide-api-key': false },
  };

  it('changes nothing when nothing changed', async () => {
    const old = await actions.create(FULL);
    const live = await actions.refresh(old);
    expect(live).toEqual(old);
  });

  it('shows exactly the drift', async () => {
    const old = await actions.create({ ...BASE, code: files('one') });
    const entity = fake.entities.get('guest/greet')! as { parameters: { key: string; value: unknown }[]; limits: object };
    entity.parameters = [
      { key: 'greeting', value: 'Hello' },
      { key: 'token', value: 'changed' },
    ];
    Object.assign(entity.limits, { memory: 512 });
    const live = (await actions.refresh(old))!;
    expect(live.inputs.parameters).toEqual({ greeting: 'Hello', token: new Secret('changed') });
    expect(await actions.diff({ ...old, ...live }, { ...BASE, code: files('one') })).toEqual([
      'delete limits.memory',
      'update parameters.token',
    ]);
  });

  it('shows code that was changed behind its back', async () => {
    const old = await actions.create({ ...BASE, code: files('one') });
    const zip = await packZip(
      new Map([
        ['index.js', Buffer.from('other')],
        ['lib/a.js', Buffer.from('a')],
      ]),
    );
    (fake.entities.get('guest/greet')!.exec as { code: string }).code = zip.toString('base64');
    const live = (await actions.refresh(old))!;
    expect(await actions.diff({ ...old, ...live }, { ...BASE, code: files('one') })).toEqual([
      'update code',
      'update codeFiles["index.js"]',
    ]);
  });

  it('gives inputs whose first diff is empty when it is imported', async () => {
    await actions.create(FULL);
    const live = (await actions.import('guest/p/greet'))!;
    expect(live.inputs.annotations).toEqual({ description: 'd' });
    expect(await actions.diff(live, { ...FULL, annotations: { description: 'd' } })).toEqual([]);
    expect(await actions.diff(live, live.inputs)).toEqual([]);
  });

  it('does not take parameters of the package for its own', async () => {
    fake.entities.set('guest/p', {
      parameters: [
        { key: 'shared', value: 1 },
        { key: 'greeting', value: 'package' },
      ],
    });
    const old = await actions.create({ ...BASE, package: 'p' });
    expect(await actions.refresh(old)).toEqual(old);
    expect((await actions.import('guest/p/greet'))!.inputs.parameters).toEqual({ greeting: 'Hello', token: 's3cret' });
  });

  it('finds out that it is gone', async () => {
    const old = await actions.create(BASE);
    fake.entities.clear();
    expect(await actions.refresh(old)).toBeUndefined();
    await actions.delete(old);
  });

  it('does not adopt a sequence', async () => {
    await actions.create(BASE);
    fake.entities.get('guest/greet')!.exec = { kind: 'sequence', components: [] };
    await expect(actions.import('guest/greet')).rejects.toThrow('is a sequence');
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import * as openwhisk from 'pulumi-openwhisk';
import { TestHost } from './testHost';
import { TestStack } from './testStack';

let host: TestHost;
let stack: TestStack;
beforeAll(async () => {
  host = await TestHost.start();
});
afterAll(() => host.stop());
beforeEach(async () => {
  await host.freshNamespace();
  stack = await TestStack.create();
});
afterEach(() => stack.remove());

const SECRET = 'a-secret-nobody-may-see';
const api = (method: string, path: string, json?: unknown) => host.api(method, path, json);

interface Changes {
  greeting?: string;
  status?: string;
  packageName?: string;
}

/** The hello example in small, with an explicit provider. */
function program(changes: Changes = {}) {
  return async () => {
    const provider = host.provider();
    const options = { provider };
    const hello = new openwhisk.Package(
      'hello',
      { name: changes.packageName, parameters: { greeting: changes.greeting ?? 'Hello' } },
      options,
    );
    const greet = new openwhisk.Action(
      'greet',
      {
        package: hello.name,
        kind: 'nodejs:default',
        code: new pulumi.asset.FileArchive(join(stack.folder, 'greet')),
        parameters: { token: pulumi.secret(SECRET) },
        limits: { memory: 128 },
      },
      options,
    );
    const visit = new openwhisk.Trigger('visit', {}, options);
    new openwhisk.Rule('on-visit', { trigger: visit.fqn, action: greet.fqn, status: changes.status }, options);
    return { fqn: greet.fqn, version: greet.version };
  };
}

function writeCode(greeting = 'exports.of = (a, b) => a + b;'): void {
  mkdirSync(join(stack.folder, 'greet/lib'), { recursive: true });
  writeFileSync(join(stack.folder, 'greet/package.json'), '{ "main": "index.js" }');
  writeFileSync(
    join(stack.folder, 'greet/index.js'),
    `exports.main = (a) => ({ text: require('./lib/text').of(a.greeting, ' ' + a.name) });`,
  );
  writeFileSync(join(stack.folder, 'greet/lib/text.js'), greeting);
}

async function deploy(changes: Changes = {}): Promise<void> {
  writeCode();
  stack.program = program(changes);
  await stack.up();
}
const invoke = async () => (await api('POST', 'actions/hello/greet?blocking=true&result=true', { name: 'you' })).json;

it('creates everything, finds nothing to do afterwards, and leaves nothing', async () => {
  writeCode();
  stack.program = program();
  const first = await stack.preview();
  expect(first.steps.map(({ op, type, name }) => `${op} ${type} ${name}`).sort()).toEqual([
    'create Action greet',
    'create Package hello',
    'create Rule on-visit',
    'create Trigger visit',
  ]);
  // Everything about the host is known, so the preview says what there will be.
  expect(first.output).toContain(`/${host.namespace}/hello/greet`);
  await stack.up();
  expect(await invoke()).toEqual({ text: 'Hello you' });
  expect((await stack.preview()).steps).toEqual([]);
  expect((await stack.refresh()).steps).toEqual([]);
  expect((await stack.preview()).steps).toEqual([]);
  await stack.destroy();
  for (const collection of ['actions', 'packages', 'triggers', 'rules']) expect((await api('GET', collection)).json).toEqual([]);
});

it('names the file that changed, and nothing else', async () => {
  await deploy();
  writeCode(`exports.of = (a, b) => a + '!' + b;`);
  expect((await stack.preview()).steps).toEqual([
    { op: 'update', type: 'Action', name: 'greet', diff: { code: 'update', 'codeFiles["lib/text.js"]': 'update' } },
  ]);
  await stack.up();
  expect(await invoke()).toEqual({ text: 'Hello! you' });
  expect((await stack.preview()).steps).toEqual([]);
});

it('changes what the program changes, alone', async () => {
  await deploy();
  stack.program = program({ greeting: 'Hi', status: 'inactive' });
  expect((await stack.up()).steps).toEqual(
    expect.arrayContaining([
      { op: 'update', type: 'Package', name: 'hello', diff: { 'parameters.greeting': 'update' } },
      { op: 'update', type: 'Rule', name: 'on-visit', diff: { status: 'add' } },
    ]),
  );
  expect(await invoke()).toEqual({ text: 'Hi you' });
  expect((await api('GET', 'rules/on-visit')).json.status).toBe('inactive');
  stack.program = program({ greeting: 'Hi' });
  await stack.up();
  expect((await api('GET', 'rules/on-visit')).json.status).toBe('active');
});

it('replaces what moves, and what is inside of it', async () => {
  await deploy();
  stack.program = program({ packageName: 'moved' });
  const { steps } = await stack.up();
  expect(
    steps
      .filter(({ op }) => op === 'replace')
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['greet', 'hello']);
  const { json } = await api('GET', 'rules/on-visit');
  expect(json).toMatchObject({ status: 'active', action: { path: `${host.namespace}/moved`, name: 'greet' } });
  expect((await api('GET', 'packages/hello')).status).toBe(404);
});

it('shows drift as drift, and takes it back', async () => {
  await deploy();
  await api('PUT', 'actions/hello/greet?overwrite=true', { parameters: [{ key: 'token', value: 'changed' }], limits: { memory: 256 } });
  await api('POST', 'rules/on-visit', { status: 'inactive' });
  await stack.refresh();
  const { steps } = await stack.preview();
  expect(steps).toEqual(
    expect.arrayContaining([
      { op: 'update', type: 'Action', name: 'greet', diff: { 'limits.memory': 'update', 'parameters.token': 'update' } },
      { op: 'update', type: 'Rule', name: 'on-visit', diff: { status: 'delete' } },
    ]),
  );
  expect(steps).toHaveLength(2);
  await stack.up();
  const live = (await api('GET', 'actions/hello/greet')).json;
  expect(live.limits.memory).toBe(128);
  expect(live.parameters).toContainEqual({ key: 'token', value: SECRET });
  expect((await stack.preview()).steps).toEqual([]);
});

it('recreates what somebody deleted, and does not mind when it is to be deleted itself', async () => {
  await deploy();
  await api('DELETE', 'rules/on-visit');
  await api('DELETE', 'actions/hello/greet');
  await stack.refresh();
  const { steps } = await stack.up();
  expect(steps.map(({ op, name }) => `${op} ${name}`).sort()).toEqual(['create greet', 'create on-visit']);
  await api('DELETE', 'rules/on-visit');
  await api('DELETE', 'triggers/visit');
  await stack.destroy();
  expect((await api('GET', 'actions')).json).toEqual([]);
});

it('refuses to take over what exists, and says how to adopt it', async () => {
  writeCode();
  await api('PUT', 'triggers/visit', {});
  stack.program = program();
  await expect(stack.up()).rejects.toThrow(`pulumi import openwhisk:index:Trigger visit ${host.namespace}/visit`);
});

it('adopts what exists without a change', async () => {
  await api('PUT', 'packages/hello', { parameters: [{ key: 'greeting', value: 'Hello' }] });
  await api('PUT', 'actions/hello/greet', {
    exec: { kind: 'nodejs:default', code: 'exports.main = (a) => a' },
    parameters: [{ key: 'n', value: 1 }],
    limits: { memory: 128 },
  });
  await api('PUT', 'triggers/visit', { parameters: [{ key: 'x', value: { y: [1] } }] });
  await api('PUT', 'rules/on-visit', { trigger: '/_/visit', action: '/_/hello/greet' });
  await host.configure(stack);
  const ns = host.namespace;
  await stack.import('openwhisk:index:Package', 'hello', `${ns}/hello`);
  await stack.import('openwhisk:index:Action', 'greet', `${ns}/hello/greet`);
  await stack.import('openwhisk:index:Trigger', 'visit', `${ns}/visit`);
  await stack.import('openwhisk:index:Rule', 'on-visit', `${ns}/on-visit`);
  stack.program = async () => {
    new openwhisk.Package('hello', { parameters: { greeting: 'Hello' } });
    new openwhisk.Action('greet', {
      package: 'hello',
      kind: 'nodejs:default',
      code: 'exports.main = (a) => a',
      parameters: { n: 1 },
      limits: { memory: 128 },
    });
    new openwhisk.Trigger('visit', { parameters: { x: { y: [1] } } });
    new openwhisk.Rule('on-visit', { trigger: 'visit', action: 'hello/greet' });
  };
  expect((await stack.preview()).steps).toEqual([]);
  await expect(stack.import('openwhisk:index:Action', 'again', 'just-a-name')).rejects.toThrow(
    /use "namespace\/name" or "namespace\/package\/name"/,
  );
});

it('keeps secrets out of the state and of everything that is printed', async () => {
  writeCode();
  stack.program = program();
  const shown = [(await stack.preview()).output, (await stack.up()).output];
  stack.program = program({ greeting: 'Hi' });
  shown.push((await stack.up()).output, (await stack.refresh()).output, await stack.state());
  for (const text of shown) {
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(host.key.split(':')[1]);
  }
});

it('says what is wrong with the inputs at their paths, before anything is made', async () => {
  stack.program = async () => {
    const provider = host.provider();
    new openwhisk.Action('bad', { code: 'x', kind: 'nodejs:20', limits: { memory: 1.5 }, annotations: { final: true } }, { provider });
  };
  const error = await stack.preview().catch((e: Error) => e.message);
  expect(error).toContain('limits.memory must be a whole number of MB');
  expect(error).toContain('annotations.final is set through the input web or finalParameters');
});

it('leaves alone what the program asks it to ignore', async () => {
  await deploy();
  writeCode('exports.of = () => 1;');
  stack.program = async () => {
    const provider = host.provider();
    new openwhisk.Package('hello', { parameters: { greeting: 'Hello' } }, { provider });
    const code = new pulumi.asset.FileArchive(join(stack.folder, 'greet'));
    new openwhisk.Action(
      'greet',
      { package: 'hello', kind: 'nodejs:default', code, parameters: { token: 'x' }, limits: { memory: 128 } },
      { provider, ignoreChanges: ['code', 'parameters'] },
    );
    new openwhisk.Trigger('visit', {}, { provider });
    new openwhisk.Rule('on-visit', { trigger: 'visit', action: 'hello/greet' }, { provider });
  };
  expect((await stack.preview()).steps).toEqual([]);
});

it('replaces in place what the program wants replaced under the same name', async () => {
  await deploy();
  stack.program = async () => {
    const provider = host.provider();
    new openwhisk.Trigger('visit', { annotations: { a: 1 } }, { provider, replaceOnChanges: ['annotations'] });
  };
  await stack.up();
  expect((await api('GET', 'triggers/visit')).json).toMatchObject({
    version: '0.0.1',
    annotations: expect.arrayContaining([{ key: 'a', value: 1 }]),
  });
});

it('refuses code no platform stores before anything is made', async () => {
  stack.program = async () => {
    const code = 'x'.repeat(49 * 1024 * 1024);
    new openwhisk.Action('big', { kind: 'nodejs:default', code }, { provider: host.provider() });
  };
  const error = await stack.preview().catch((e: Error) => e.message);
  expect(error).toContain('code takes 51380224 bytes as the platform stores it, and 50331648 is the most an action may have');
});

it('leaves behind what the program wants retained', async () => {
  const keep = async () => {
    new openwhisk.Trigger('visit', {}, { provider: host.provider(), retainOnDelete: true });
  };
  stack.program = keep;
  await stack.up();
  await stack.destroy();
  expect(await host.entities()).toEqual(['triggers/visit']);
  // It is still this resource's own, so a later deployment goes on with it.
  await stack.up();
  expect((await stack.preview()).steps).toEqual([]);
});

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
const code = (body: string) => ({ kind: 'nodejs:default', code: `exports.main = (a) => { ${body} }` });

interface Changes {
  bound?: Partial<openwhisk.PackageBindingArgs>;
  sequence?: Partial<openwhisk.SequenceArgs>;
}

/** Two packages with an action each, a binding of the first, and a sequence of both actions. */
function program({ bound, sequence }: Changes = {}) {
  return async () => {
    const options = { provider: host.provider() };
    const one = new openwhisk.Package('one', { parameters: { greeting: 'Hello', mark: '.' } }, options);
    const two = new openwhisk.Package('two', {}, options);
    const say = new openwhisk.Action(
      'say',
      { package: one.name, ...code('return { text: a.greeting + " " + a.name + a.mark };') },
      options,
    );
    const loud = new openwhisk.Action('loud', { package: two.name, ...code('return { text: a.text.toUpperCase() };') }, options);
    const binding = new openwhisk.PackageBinding(
      'mine',
      { package: one.fqn, parameters: { mark: pulumi.secret(SECRET) }, annotations: { description: 'mine' }, ...bound },
      options,
    );
    const both = new openwhisk.Sequence(
      'both',
      { components: [say.fqn, loud.fqn], annotations: { description: 'both' }, ...sequence },
      options,
    );
    return { binding: binding.fqn, both: both.fqn };
  };
}
const deploy = async (changes: Changes = {}) => {
  stack.program = program(changes);
  await stack.up();
};
const invoke = async (action: string) => (await host.api('POST', `actions/${action}?blocking=true&result=true`, { name: 'you' })).json;

it('are previewed, made, left alone, and leave nothing', async () => {
  stack.program = program();
  const first = await stack.preview();
  expect(first.steps.map(({ op, type, name }) => `${op} ${type} ${name}`)).toEqual(
    expect.arrayContaining(['create PackageBinding mine', 'create Sequence both']),
  );
  expect(first.output).toContain(`/${host.namespace}/both`);
  await stack.up();
  expect(await invoke('both')).toEqual({ text: 'HELLO YOU.' });
  expect(await invoke('mine/say')).toEqual({ text: `Hello you${SECRET}` });
  expect((await stack.preview()).steps).toEqual([]);
  expect((await stack.refresh()).steps).toEqual([]);
  expect((await stack.preview()).steps).toEqual([]);
  expect(await stack.state()).not.toContain(SECRET);
  await stack.destroy();
  expect(await host.entities()).toEqual([]);
});

const own = () => `/${host.namespace}`;

it.each<[string, () => Changes, object]>([
  ['the bound package', () => ({ bound: { package: `${own()}/two` } }), { type: 'PackageBinding', diff: { package: 'update' } }],
  ['a parameter', () => ({ bound: { parameters: { mark: '!' } } }), { type: 'PackageBinding', diff: { 'parameters.mark': 'update' } }],
  ['no parameter', () => ({ bound: { parameters: {} } }), { type: 'PackageBinding', diff: { 'parameters.mark': 'delete' } }],
  ['an annotation', () => ({ bound: { annotations: {} } }), { type: 'PackageBinding', diff: { 'annotations.description': 'delete' } }],
  [
    'a component',
    () => ({ sequence: { components: [`${own()}/one/say`, `${own()}/one/say`] } }),
    { type: 'Sequence', diff: { 'components[1]': 'update' } },
  ],
  ['one component less', () => ({ sequence: { components: ['one/say'] } }), { type: 'Sequence', diff: { 'components[1]': 'delete' } }],
  [
    'an annotation of a sequence',
    () => ({ sequence: { annotations: {} } }),
    { type: 'Sequence', diff: { 'annotations.description': 'delete' } },
  ],
  ['web', () => ({ sequence: { web: true } }), { type: 'Sequence', diff: { web: 'add' } }],
])('change by %s alone, in place', async (_what, changes, step) => {
  await deploy();
  stack.program = program(changes());
  const planned = (await stack.preview()).steps;
  expect(planned).toEqual([{ op: 'update', name: expect.anything(), ...step }]);
  expect((await stack.up()).steps).toEqual(planned);
  expect((await stack.refresh()).steps).toEqual([]);
  expect((await stack.preview()).steps).toEqual([]);
});

it('are replaced under another name, and only then', async () => {
  await deploy();
  stack.program = program({ bound: { name: 'moved' }, sequence: { package: 'two' } });
  const { steps } = await stack.up();
  expect(
    steps
      .filter(({ op }) => op === 'replace')
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['both', 'mine']);
  expect((await host.api('GET', 'packages/mine')).status).toBe(404);
  expect((await host.api('GET', 'actions/both')).status).toBe(404);
  expect((await stack.preview()).steps).toEqual([]);
});

it('show drift as drift, and are taken back', async () => {
  await deploy();
  await host.api('PUT', 'packages/mine?overwrite=true', { parameters: [{ key: 'mark', value: 'x' }] });
  const components = [`${own()}/two/loud`, `${own()}/one/say`];
  await host.api('PUT', 'actions/both?overwrite=true', { exec: { kind: 'sequence', components } });
  await stack.refresh();
  expect((await stack.preview()).steps).toEqual(
    expect.arrayContaining([
      { op: 'update', type: 'PackageBinding', name: 'mine', diff: { 'parameters.mark': 'update' } },
      { op: 'update', type: 'Sequence', name: 'both', diff: { 'components[0]': 'update', 'components[1]': 'update' } },
    ]),
  );
  await stack.up();
  expect(await invoke('both')).toEqual({ text: 'HELLO YOU.' });
  expect((await stack.preview()).steps).toEqual([]);
});

it('are made again when somebody deleted them, and may be gone when they are to go', async () => {
  await deploy();
  await host.api('DELETE', 'packages/mine');
  await host.api('DELETE', 'actions/both');
  await stack.refresh();
  expect((await stack.up()).steps.map(({ op, name }) => `${op} ${name}`).sort()).toEqual(['create both', 'create mine']);
  await host.api('DELETE', 'packages/mine');
  await host.api('DELETE', 'actions/both');
  await stack.destroy();
  expect(await host.entities()).toEqual([]);
});

it('are adopted without a change', async () => {
  await host.api('PUT', 'packages/one', { parameters: [{ key: 'mark', value: '.' }] });
  await host.api('PUT', 'packages/mine', { binding: { namespace: '_', name: 'one' }, parameters: [{ key: 'own', value: 1 }] });
  await host.api('PUT', 'actions/one/say', { exec: code('return a;') });
  await host.api('PUT', 'actions/both', { exec: { kind: 'sequence', components: ['/_/one/say'] }, annotations: [{ key: 'd', value: 1 }] });
  await host.configure(stack);
  await stack.import('openwhisk:index:PackageBinding', 'mine', `${host.namespace}/mine`);
  await stack.import('openwhisk:index:Sequence', 'both', `${host.namespace}/both`);
  stack.program = async () => {
    new openwhisk.PackageBinding('mine', { package: 'one', parameters: { own: 1 } });
    new openwhisk.Sequence('both', { components: ['one/say'], annotations: { d: 1 } });
  };
  expect((await stack.preview()).steps).toEqual([]);
});

it('refuse to take over what exists, in words that say how to adopt it', async () => {
  await host.api('PUT', 'packages/mine', {});
  stack.program = program();
  await expect(stack.up()).rejects.toThrow(`pulumi import openwhisk:index:PackageBinding mine ${host.namespace}/mine`);
});

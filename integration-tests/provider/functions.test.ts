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
  await host.api('PUT', 'packages/p', { parameters: [{ key: 'greeting', value: 'Hello' }] });
  const code = 'exports.main = (a) => a.fail ? { error: "no luck" } : { text: a.greeting + " " + a.name };';
  await host.api('PUT', 'actions/p/say', { exec: { kind: 'nodejs:default', code }, annotations: [{ key: 'web-export', value: true }] });
});
afterEach(() => stack.remove());

const activations = async () => ((await host.api('GET', 'activations')).json as unknown[]).length;

it('read what is there and invoke it, when it is known what with', async () => {
  stack.program = async () => {
    const provider = host.provider();
    const made = new openwhisk.Package('made', {}, { provider });
    const say = openwhisk.getActionOutput({ name: 'say', package: 'p' }, { provider });
    const pack = openwhisk.getPackageOutput({ name: 'p' }, { provider });
    const here = openwhisk.getNamespaceOutput({}, { provider });
    // Known only when the package has been made.
    const name = made.version.apply((version) => `v${version}`);
    const said = openwhisk.invokeOutput({ action: say.fqn, parameters: { name } }, { provider });
    const hidden = openwhisk.invokeOutput(
      { action: 'p/say', parameters: { name: pulumi.secret('hush') } },
      { provider, dependsOn: [made] },
    );
    return {
      fqn: say.fqn,
      kind: say.kind,
      url: say.webUrl,
      parameters: openwhisk.getActionOutput({ name: 'say', package: 'p', withParameters: true }, { provider }).parameters,
      actions: pack.actions,
      name: here.name,
      text: said.apply(({ result }) => result?.text),
      hidden: hidden.result,
    };
  };
  await stack.up();
  const outputs = await stack.outputs();
  const values = Object.fromEntries(Object.entries(outputs).map(([key, { value }]) => [key, value]));
  expect(values).toMatchObject({
    fqn: `/${host.namespace}/p/say`,
    kind: expect.stringMatching(/^nodejs:/),
    url: `${host.apiHost}/api/v1/web/${host.namespace}/p/say`,
    parameters: { greeting: 'Hello' },
    actions: ['say'],
    name: host.namespace,
    text: 'Hello v0.0.1',
    hidden: { text: 'Hello hush' },
  });
  expect([outputs.parameters!.secret, outputs.hidden!.secret, outputs.text!.secret]).toEqual([true, true, false]);
  expect(await stack.state()).not.toContain('Hello hush');
});

it('invoke nothing in a preview in which an argument is unknown', async () => {
  stack.program = async () => {
    const provider = host.provider();
    const code = 'exports.main = () => ({})';
    const made = new openwhisk.Action('made', { kind: 'nodejs:default', code }, { provider });
    openwhisk.invokeOutput({ action: 'p/say', parameters: { name: made.resolvedKind } }, { provider });
  };
  const before = await activations();
  await stack.preview();
  expect(await activations()).toBe(before);
});

it('fail in words that say what is missing, or what the action said', async () => {
  const ask = (body: string) => `
    const openwhisk = require('pulumi-openwhisk');
    const provider = new openwhisk.Provider('there', ${JSON.stringify({ apiHost: host.apiHost, auth: host.key, namespace: host.namespace })});
    ${body}
  `;
  await stack.remove();
  stack = await TestStack.create(ask(`openwhisk.getActionOutput({ name: 'nothing' }, { provider });`));
  await expect(stack.preview()).rejects.toThrow(`There is no action "/${host.namespace}/nothing"`);
  await stack.remove();
  stack = await TestStack.create(ask(`openwhisk.invokeOutput({ action: 'p/say', parameters: { fail: true } }, { provider });`));
  await expect(stack.preview()).rejects.toThrow(/The action "p\/say" failed: no luck/);
});

it('list activations', async () => {
  await host.api('POST', 'actions/p/say?blocking=true', { name: 'a' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  stack.program = async () => {
    const { activations } = await openwhisk.getActivations({ name: 'p/say', limit: 1 }, { provider: host.provider() });
    return { list: activations };
  };
  await stack.up();
  expect((await stack.outputs()).list!.value).toEqual([expect.objectContaining({ name: 'say', statusCode: 0 })]);
});

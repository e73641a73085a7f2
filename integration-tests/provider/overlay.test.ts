import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import * as openwhisk from 'pulumi-openwhisk';
import { TestHost } from './testHost';
import { TestStack } from './testStack';

describe('a function as an action', () => {
  const from = (callback: (parameters: Record<string, unknown>) => unknown) => () => openwhisk.Action.fromFunction('f', callback);
  const token = 'a-secret-nobody-may-see';
  const secret = pulumi.secret(token);

  it.each<[string, (parameters: Record<string, unknown>) => unknown, RegExp]>([
    ['a variable', (a) => ({ a, token }), /it uses "token" from around it.*Hand values over as parameters/],
    ['a secret', (a) => ({ a, secret }), /it uses "secret" from around it, which would put the value, a secret perhaps, into its code/],
    ['a module of the program', (a) => pulumi.output(a), /it uses "\w*pulumi" from around it.*require modules inside/],
    [
      'this',
      {
        m(this: unknown) {
          return this;
        },
      }.m,
      /uses "this"/,
    ],
    ['native code', parseInt as never, /cannot be made an action/],
  ])('is refused when it uses %s', (_what, callback, message) => {
    expect(from(callback)).toThrow(message);
  });
});

describe('deployed', () => {
  let host: TestHost;
  let stack: TestStack;
  beforeAll(async () => {
    host = await TestHost.start();
    await host.freshNamespace();
    stack = await TestStack.create();
  });
  afterAll(async () => {
    await stack.remove();
    await host.stop();
  });

  it('it runs, has its rule, and is the same the next time', async () => {
    stack.program = async () => {
      const options = { provider: host.provider() };
      const greet = openwhisk.Action.fromFunction(
        'greet',
        async ({ greeting, name }) => {
          const { join } = require('node:path');
          return { text: join(String(greeting), String(name)) };
        },
        { parameters: { greeting: 'Hello' } },
        options,
      );
      const visit = new openwhisk.Trigger('visit', {}, options);
      visit.on(greet);
      visit.on(greet.fqn, { name: 'again', status: 'inactive' });
    };
    expect((await stack.up()).steps.map(({ op, type, name }) => `${op} ${type} ${name}`).sort()).toEqual([
      'create Action greet',
      'create Rule again',
      'create Rule visit-greet',
      'create Trigger visit',
    ]);
    expect((await host.api('POST', 'actions/greet?blocking=true&result=true', { name: 'you' })).json).toEqual({ text: 'Hello/you' });
    expect((await host.api('GET', 'rules/visit-greet')).json).toMatchObject({ status: 'active', action: { name: 'greet' } });
    expect((await host.api('GET', 'rules/again')).json.status).toBe('inactive');
    expect((await stack.preview()).steps).toEqual([]);
  });

  it('a folder in TypeScript is bundled into what runs', async () => {
    mkdirSync(join(stack.folder, 'hi'));
    writeFileSync(join(stack.folder, 'hi/text.ts'), 'export const of = (name: string): string => "Hi " + name;');
    writeFileSync(
      join(stack.folder, 'hi/index.ts'),
      'import { of } from "./text";\nexport const main = (args: { name: string }) => ({ text: of(args.name) });',
    );
    stack.program = async () => {
      const code = new pulumi.asset.FileArchive('hi');
      new openwhisk.Action('hi', { code, bundle: true }, { provider: host.provider() });
    };
    await stack.up();
    expect((await host.api('POST', 'actions/hi?blocking=true&result=true', { name: 'you' })).json).toEqual({ text: 'Hi you' });
    expect((await stack.refresh()).steps).toEqual([]);
    expect((await stack.preview()).steps).toEqual([]);
    writeFileSync(join(stack.folder, 'hi/text.ts'), 'export const of = (name: string): string => "Ho " + name;');
    expect((await stack.preview()).steps).toEqual([
      { op: 'update', type: 'Action', name: 'hi', diff: { code: 'update', 'codeFiles["index.js"]': 'update' } },
    ]);
  });
});

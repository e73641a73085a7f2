import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PulumiProject } from './pulumiProject';

const PROGRAM = `
import * as pulumi from '@pulumi/pulumi';
const config = new pulumi.Config();
class Greeting extends pulumi.ComponentResource {
  readonly text: pulumi.Output<string>;
  constructor(name: string, args: { who: string }, opts?: pulumi.ComponentResourceOptions) {
    super('sample:index:Greeting', name, {}, opts);
    this.text = pulumi.output('hello ' + args.who);
    this.registerOutputs({ text: this.text });
  }
}
export const greeting = new Greeting('greeting', { who: config.require('who') }).text;
export const secret = config.requireSecret('secret');
export const place = { project: pulumi.getProject(), stack: pulumi.getStack(), dryRun: pulumi.runtime.isDryRun() };
`;

describe('a TypeScript program run by the real CLI and our language host', () => {
  let project: PulumiProject;

  beforeAll(async () => {
    project = await PulumiProject.create({ 'index.ts': PROGRAM });
    expect(await project.pulumi('stack', 'init', 'one')).toMatchObject({ code: 0 });
    expect(await project.pulumi('config', 'set', 'who', 'world')).toMatchObject({ code: 0 });
    expect(await project.pulumi('config', 'set', '--secret', 'secret', 'swordfish')).toMatchObject({ code: 0 });
  });
  afterAll(() => project.remove());

  it('previews, updates and gives its outputs', async () => {
    const preview = await project.pulumi('preview');
    expect(preview.stdout).toContain('sample:index:Greeting greeting create');
    const up = await project.pulumi('up', '--yes', '--skip-preview');
    expect(up).toMatchObject({ code: 0 });
    expect(await project.outputs()).toEqual({
      greeting: 'hello world',
      secret: 'swordfish',
      place: { project: 'sample', stack: 'one', dryRun: false },
    });
  });

  it('keeps secret configuration out of the state, the configuration file and the output', async () => {
    const up = await project.pulumi('up', '--yes', '--skip-preview');
    expect(up.stdout).toContain('secret  : [secret]');
    const state = readFileSync(join(project.folder, 'state/.pulumi/stacks/sample/one.json'), 'utf8');
    const config = readFileSync(join(project.folder, 'Pulumi.one.yaml'), 'utf8');
    for (const text of [up.stdout, up.stderr, state, config]) expect(text).not.toContain('swordfish');
  });

  it('previews nothing when nothing changed', async () => {
    const preview = await project.pulumi('preview', '--expect-no-changes');
    expect(preview).toMatchObject({ code: 0 });
  });

  it('refreshes', async () => {
    expect(await project.pulumi('refresh', '--yes', '--skip-preview')).toMatchObject({ code: 0 });
  });

  it('shows what a program prints and the error it throws, and fails', async () => {
    writeFileSync(join(project.folder, 'index.ts'), `console.log('about to fail'); throw new Error('the moon is in the wrong phase');`);
    const up = await project.pulumi('up', '--yes', '--skip-preview');
    expect(up.code).not.toBe(0);
    expect(up.stdout).toContain('about to fail');
    expect(up.stdout).toContain('Error: the moon is in the wrong phase');
  });

  it('fails when a program ends itself with a code', async () => {
    project.write('index.ts', 'process.exit(7);');
    const up = await project.pulumi('up', '--yes', '--skip-preview');
    expect(up.code).not.toBe(0);
    expect(up.stdout).toContain('The program exited with code 7.');
  });

  it('destroys', async () => {
    project.write('index.ts', PROGRAM);
    const destroy = await project.pulumi('destroy', '--yes', '--skip-preview');
    expect(destroy).toMatchObject({ code: 0 });
    expect(destroy.stdout).toContain('2 deleted');
  });
});

describe('a program without the SDK', () => {
  it('is told to install it', async () => {
    const project = await PulumiProject.create({ 'index.ts': 'export const x = 1;' });
    try {
      const { rmSync } = await import('node:fs');
      rmSync(join(project.folder, 'node_modules'));
      await project.pulumi('stack', 'init', 'one');
      const up = await project.pulumi('up', '--yes', '--skip-preview');
      expect(up.code).not.toBe(0);
      expect(up.stdout + up.stderr).toContain('run "npm install @pulumi/pulumi" there');
    } finally {
      project.remove();
    }
  });
});

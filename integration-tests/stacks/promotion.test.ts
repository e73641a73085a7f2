import { existsSync } from 'node:fs';
import { parse } from 'yaml';
import { runCommand } from '../../tooling/src/command';
import { isFree, RepositoryCopy } from './repositoryCopy';

/** A resource of an exported state. */
interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: Record<string, unknown>;
}

/** Each test is a step on the way from one stack to the next. */
describe('staging and prod, from one program', () => {
  let copy: RepositoryCopy;
  let ports: Record<'staging' | 'prod', { apiPort: number; adminPort: number }>;

  beforeAll(async () => {
    copy = new RepositoryCopy();
    ports = { staging: await copy.addStack('staging', 'staging'), prod: await copy.addStack('prod', 'prod') };
    await git('init', '--quiet');
    await git('add', 'stacks', 'examples', 'Pulumi.yaml');
    await git('commit', '--quiet', '-m', 'What is deployed');
  });
  afterAll(() => copy.remove());

  const git = (...args: string[]) => runCommand('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: copy.folder });
  const promote = () => copy.npmRun('promote', '--from', 'staging', '--to', 'prod');

  async function resources(stack: string): Promise<Map<string, Resource>> {
    const { stdout } = await copy.mustRun('pulumi', 'stack', 'export', '--stack', stack);
    const { deployment } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { deployment: { resources: Resource[] } };
    return new Map(
      deployment.resources.map((resource) => [resource.urn.replace(`pulumi:${stack}::`, 'pulumi:*::').replace(`-${stack}`, ''), resource]),
    );
  }

  it('differ in nothing but the values of their configuration', () => {
    const settings = (stack: string) => (parse(copy.read(`stacks/Pulumi.${stack}.yaml`)) as { config: Record<string, unknown> }).config;
    const [dev, staging, prod] = [settings('dev'), settings('staging'), settings('prod')];
    for (const environment of [staging, prod]) {
      for (const key of Object.keys(dev!)) expect(environment).toHaveProperty([key]);
      expect(environment!['platform:apiPort']).not.toBe(dev!['platform:apiPort']);
    }
    expect(existsSync(copy.path('stacks/index.staging.ts'))).toBe(false);
  });

  it('are not promoted as long as the first is not up', async () => {
    const result = await promote();
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toContain('The stack staging is not up, so there is nothing to promote');
  });

  it('runs in staging first, and then, promoted, in prod: the same but for what the configuration says', async () => {
    const up = await copy.mustRun('up', '--stack', 'staging', '--quiet');
    const { auth } = await copy.info('staging');
    expect(up.stdout + up.stderr).not.toContain(auth);
    const promoted = await copy.mustRun('promote', '--from', 'staging', '--to', 'prod');
    expect(promoted.stderr).toMatch(/prod runs what staging runs: commit [0-9a-f]{7,}\./);
    for (const stack of ['staging', 'prod'] as const) {
      expect((await copy.info(stack)).apiHost).toBe(`http://127.0.0.1:${ports[stack].apiPort}`);
    }

    const [staging, prod] = [await resources('staging'), await resources('prod')];
    expect([...prod.keys()].sort()).toEqual([...staging.keys()].sort());
    const entities = [...staging.keys()].filter((urn) => /:index:(Package|Action|Trigger|Rule|Namespace)::/.test(urn));
    expect(entities.length).toBeGreaterThanOrEqual(6);
    const withoutSecrets = (resource: Resource) =>
      JSON.parse(JSON.stringify(resource.inputs ?? {}).replace(/"ciphertext":"[^"]*"/g, '"ciphertext":""')) as unknown;
    for (const urn of entities) expect(withoutSecrets(prod.get(urn)!)).toEqual(withoutSecrets(staging.get(urn)!));
    const differing = [...staging.keys()].filter(
      (urn) => JSON.stringify(withoutSecrets(prod.get(urn)!)) !== JSON.stringify(withoutSecrets(staging.get(urn)!)),
    );
    // Who knows ports, limits and keys: the platform's own process and the providers that were told where it is.
    for (const urn of differing) expect(urn).toMatch(/openwhisk:local:Service::|openwhisk:index:Platform::|pulumi:providers:openwhisk::/);
    expect(differing.length).toBeGreaterThan(0);
  });

  it('are not promoted with what staging does not run, or what is not committed', async () => {
    copy.edit('examples/hello/greet/greeting.js', (text) => text.replace('{greeting},', '{greeting} there,'));
    const dirty = await promote();
    expect(dirty).toMatchObject({ code: 1 });
    expect(dirty.stderr).toContain('There are changes that are not committed');
    await git('commit', '--quiet', '--all', '-m', 'Another greeting');
    const ahead = await promote();
    expect(ahead).toMatchObject({ code: 1 });
    expect(ahead.stderr).toContain('The stack staging does not run what is checked out (update Action greet)');
    await copy.mustRun('preview', '--stack', 'prod', '--expect-no-changes').then(
      () => {
        throw new Error('prod would not be changed by the new commit');
      },
      () => undefined,
    );
    await copy.mustRun('up', '--stack', 'staging', '--quiet');
    const promoted = await copy.mustRun('promote', '--from', 'staging', '--to', 'prod');
    expect(promoted.stdout).toContain('"Hello there, newcomer!"');
  });

  it('keeps the data of prod when it goes down, and nothing of staging', async () => {
    await copy.mustRun('down', '--stack', 'staging');
    await copy.mustRun('down', '--stack', 'prod');
    expect(existsSync(copy.path('.openwhisk/staging/platform'))).toBe(false);
    expect(existsSync(copy.path('.openwhisk/prod/platform'))).toBe(true);
    for (const { apiPort, adminPort } of Object.values(ports))
      expect([await isFree(apiPort), await isFree(adminPort)]).toEqual([true, true]);
  });
});

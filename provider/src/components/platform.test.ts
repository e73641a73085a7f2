import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platformArgsOf } from './platform';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docker-config-'));
  process.env.DOCKER_CONFIG = folder;
  delete process.env.DOCKER_CONTEXT;
});
afterEach(() => {
  for (const name of ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG']) delete process.env[name];
  rmSync(folder, { recursive: true });
});

it('takes an engine elsewhere from DOCKER_HOST, and asks for the address of its ports there', async () => {
  process.env.DOCKER_HOST = 'ssh://me@far.example.com';
  await expect(platformArgsOf({ target: 'docker' })).rejects.toMatchObject({
    errors: [{ propertyPath: 'host', reason: expect.stringContaining('the engine is on far.example.com') }],
  });
  expect(await platformArgsOf({ target: 'docker', host: '0.0.0.0' })).toMatchObject({ docker: { engine: process.env.DOCKER_HOST } });
  const args = { target: 'docker', docker: { engine: 'unix:///here.sock' } };
  expect(await platformArgsOf(args)).toEqual(args);
});

it('says of a context that there is not what to do', async () => {
  process.env.DOCKER_CONTEXT = 'nowhere';
  await expect(platformArgsOf({ target: 'docker' })).rejects.toMatchObject({
    errors: [{ propertyPath: 'docker.engine', reason: expect.stringContaining('the docker context "nowhere"') }],
  });
});

it('leaves the engine of this machine and other targets as they are', async () => {
  expect(await platformArgsOf({ target: 'docker' })).toEqual({ target: 'docker' });
  process.env.DOCKER_HOST = 'tcp://far.example.com:2376';
  expect(await platformArgsOf({})).toEqual({});
});

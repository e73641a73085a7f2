import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pulumiEnvironment, statePassphrase } from './pulumiEnvironment';
import { paths } from './repository';

let stateFolder: string;
beforeEach(() => {
  stateFolder = mkdtempSync(join(tmpdir(), 'pulumi-state-'));
});
afterEach(() => rmSync(stateFolder, { recursive: true, force: true }));

const cli = { executable: '/opt/pulumi/pulumi', version: '3.259.0', origin: 'on PATH', nodejsHost: 'official' } as const;

it('keeps home and backend in the state folder and finds the provider', () => {
  const env = pulumiEnvironment(cli, { stateFolder, base: { PATH: '/usr/bin', HOME: '/home/someone' } });
  expect(env).toMatchObject({
    HOME: '/home/someone',
    PULUMI_HOME: join(stateFolder, 'home'),
    PULUMI_BACKEND_URL: `file://${stateFolder}`,
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    PATH: `/opt/pulumi:${paths.providerBin}:/usr/bin`,
  });
  expect(env.PULUMI_CONFIG_PASSPHRASE).toBe(statePassphrase(stateFolder));
});

it('puts its own language host on PATH only for a CLI that has none', () => {
  const env = pulumiEnvironment({ ...cli, nodejsHost: 'none' }, { stateFolder, base: { PATH: '/usr/bin' } });
  expect(env.PATH).toBe(`${paths.toolsBin}:/opt/pulumi:${paths.providerBin}:/usr/bin`);
});

it('takes a backend that is meant for it, and not one of other projects', () => {
  const base = { PULUMI_BACKEND_URL: 'https://api.example.com' };
  expect(pulumiEnvironment(cli, { stateFolder, base }).PULUMI_BACKEND_URL).toBe(`file://${stateFolder}`);
  const meant = { ...base, OPENWHISK_PULUMI_BACKEND_URL: 's3://bucket' };
  expect(pulumiEnvironment(cli, { stateFolder, base: meant }).PULUMI_BACKEND_URL).toBe('s3://bucket');
});

it('respects a passphrase that is set, also an empty one', () => {
  expect(pulumiEnvironment(cli, { stateFolder, base: { PULUMI_CONFIG_PASSPHRASE: '' } }).PULUMI_CONFIG_PASSPHRASE).toBe('');
  const fromFile = pulumiEnvironment(cli, { stateFolder, base: { PULUMI_CONFIG_PASSPHRASE_FILE: '/run/passphrase' } });
  expect(fromFile.PULUMI_CONFIG_PASSPHRASE).toBeUndefined();
});

it('makes a passphrase once, for the owner only', () => {
  const first = statePassphrase(stateFolder);
  expect(first.length).toBeGreaterThanOrEqual(32);
  expect(statePassphrase(stateFolder)).toBe(first);
  expect(statSync(join(stateFolder, 'passphrase')).mode & 0o777).toBe(0o600);
});

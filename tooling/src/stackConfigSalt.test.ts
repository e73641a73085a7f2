import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepingStackConfig } from './stackConfigSalt';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stack-config-'));
  file = join(folder, 'Pulumi.dev.yaml');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const SALT = 'encryptionsalt: v1:abc=:v1:def:ghi=\n';
const after = async (before: string | undefined, written: string): Promise<string | undefined> => {
  if (before !== undefined) writeFileSync(file, before);
  await keepingStackConfig('dev', async () => writeFileSync(file, written), folder);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
};

it('takes the salt that a command added out again, with comments as they were', async () => {
  const committed = '# the ports of dev\nconfig:\n\n  openwhisk:port: 3233\n';
  expect(await after(committed, `${SALT}config:\n  openwhisk:port: 3233\n`)).toBe(committed);
});

it('keeps what else a command changed', async () => {
  expect(await after('config:\n  a: 1\n', `${SALT}config:\n  a: 2\n`)).toBe('config:\n  a: 2\n');
});

it('removes a file that has nothing but the salt', async () => {
  expect(await after(undefined, SALT)).toBeUndefined();
});

it('leaves a salt that was there before, and one that secrets need', async () => {
  expect(await after(`${SALT}config: {}\n`, `${SALT}config: {}\n`)).toBe(`${SALT}config: {}\n`);
  const withSecret = `${SALT}config:\n  a:\n    secure: v1:xyz\n`;
  expect(await after('config: {}\n', withSecret)).toBe(withSecret);
});

it('does so after a failure too', async () => {
  const work = async () => {
    writeFileSync(file, SALT);
    throw new Error('failed');
  };
  await expect(keepingStackConfig('dev', work, folder)).rejects.toThrow('failed');
  expect(existsSync(file)).toBe(false);
});

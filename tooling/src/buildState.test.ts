import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isBuilt, rememberBuild, sourceFingerprint } from './buildState';

let root: string;
const write = (file: string, text: string) => {
  mkdirSync(join(root, file, '..'), { recursive: true });
  writeFileSync(join(root, file), text);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'build-state-'));
  write('platform/src/model/a.ts', 'a');
  for (const result of [
    'platform/dist/a.js',
    'provider/dist/plugin.js',
    'provider/bin/x',
    'tooling/dist/a.js',
    'provider/sdk/nodejs/bin/a.js',
  ]) {
    write(result, '');
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('knows a build by its sources', () => {
  expect(isBuilt(sourceFingerprint(root), root)).toBe(false);
  rememberBuild(sourceFingerprint(root), root);
  expect(isBuilt(sourceFingerprint(root), root)).toBe(true);
});

it.each<[string, () => void]>([
  ['a file that changed', () => write('platform/src/model/a.ts', 'bb')],
  ['a file of the same size that was saved again', () => utimesSync(join(root, 'platform/src/model/a.ts'), 1, 1)],
  ['a new file', () => write('provider/src/b.ts', 'b')],
  ['a file that is gone', () => rmSync(join(root, 'platform/src/model/a.ts'))],
  ['a result that is gone', () => rmSync(join(root, 'provider/bin'), { recursive: true })],
])('builds again after %s', (_, change) => {
  rememberBuild(sourceFingerprint(root), root);
  change();
  expect(isBuilt(sourceFingerprint(root), root)).toBe(false);
});

it('does not take what the build makes for a source', () => {
  rememberBuild(sourceFingerprint(root), root);
  write('provider/sdk/nodejs/bin/more.js', 'more');
  expect(isBuilt(sourceFingerprint(root), root)).toBe(true);
});

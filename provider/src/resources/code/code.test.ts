import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SourceArchive, SourceFile } from '../values';
import { codeAsInput, codeSizeProblem, decodeCode, encodeCode, kindOfCode, MAX_EXEC_BYTES } from './actionCode';
import { type ArchiveCode, fingerprint } from './codeFiles';
import { codeOf, readCode } from './codeReader';
import { packZip, unpackZip } from './zipArchive';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'code-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const FILES = { 'index.js': 'exports.main = () => ({})', 'lib/a.js': 'exports.a = 1', 'package.json': '{}' };
function write(root: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

it('packs the same bytes whatever the order and the times', async () => {
  const one = await packZip(new Map(Object.entries(FILES).map(([path, text]) => [path, Buffer.from(text)])));
  const other = await packZip(
    new Map(
      Object.entries(FILES)
        .reverse()
        .map(([path, text]) => [path, Buffer.from(text)]),
    ),
  );
  expect(one.equals(other)).toBe(true);
  expect([...(await unpackZip(one, 'it')).keys()]).toEqual(['index.js', 'lib/a.js', 'package.json']);
});

it('sees the same code in a folder, a zip of it, a map of files and base64', async () => {
  write(folder, FILES);
  utimesSync(join(folder, 'index.js'), 1, 1);
  const fromFolder = await readCode(new SourceArchive({ path: '.' }), folder);
  const zip = await packZip((fromFolder as ArchiveCode).files);
  const zipFile = join(mkdtempSync(join(folder, '..', 'zip-')), 'code.zip');
  writeFileSync(zipFile, zip);
  const entries = Object.fromEntries(Object.entries(FILES).map(([path, text]) => [path, new SourceFile({ text })]));
  const nested = {
    'index.js': entries['index.js']!,
    'package.json': entries['package.json']!,
    lib: new SourceArchive({ entries: { 'a.js': entries['lib/a.js']! } }),
  };
  const hash = fingerprint(fromFolder, undefined).hash;
  for (const other of [
    new SourceArchive({ path: zipFile }),
    new SourceFile({ path: zipFile }),
    new SourceArchive({ entries }),
    new SourceArchive({ entries: nested }),
    zip.toString('base64'),
  ]) {
    expect(fingerprint(await readCode(other, '/'), undefined).hash).toBe(hash);
  }
  rmSync(join(zipFile, '..'), { recursive: true });
});

it('names each file with its hash, and tells source from an archive with one file', async () => {
  writeFileSync(join(folder, 'count.py'), 'def main(a): return a');
  const source = await readCode(new SourceFile({ path: 'count.py' }), folder);
  const bare = await readCode('def main(a): return a', folder);
  expect(Object.keys(fingerprint(source, 'python:default').files)).toEqual(['count.py']);
  expect(Object.keys(fingerprint(bare, 'python:default').files)).toEqual(['__main__.py']);
  expect(fingerprint(source, undefined).hash).toBe(fingerprint(bare, undefined).hash);
  const archive = await readCode(new SourceArchive({ entries: { 'count.py': new SourceFile({ text: 'def main(a): return a' }) } }), folder);
  expect(fingerprint(archive, undefined).hash).not.toBe(fingerprint(source, undefined).hash);
});

it('leaves out what is no code and follows links', async () => {
  write(folder, { ...FILES, '.git/HEAD': 'ref' });
  symlinkSync(join(folder, 'index.js'), join(folder, 'same.js'));
  const code = await readCode(new SourceArchive({ path: folder }), '/');
  expect([...(code as ArchiveCode).files.keys()].sort()).toEqual(['index.js', 'lib/a.js', 'package.json', 'same.js']);
});

it.each<[string, SourceFile | SourceArchive, RegExp]>([
  ['a missing file', new SourceFile({ path: 'nowhere.js' }), /There is no file or folder .*nowhere\.js\./],
  ['a missing folder', new SourceArchive({ path: 'nowhere' }), /There is no file or folder/],
  ['an archive of another sort', new SourceArchive({ path: 'x.tar' }), /neither a folder nor a zip archive/],
  ['an empty archive', new SourceArchive({ entries: {} }), /holds no file/],
  ['a circle of folders', new SourceArchive({ path: 'circle' }), /nested more than|ELOOP|cannot be read/],
])('says what is wrong with %s', async (_what, code, message) => {
  writeFileSync(join(folder, 'x.tar'), 'not a zip');
  mkdirSync(join(folder, 'circle'));
  symlinkSync('.', join(folder, 'circle', 'again'));
  await expect(readCode(code, folder)).rejects.toThrow(message);
});

it('carries code to the wire and back', async () => {
  for (const code of [
    await readCode('x = 1', folder),
    await readCode(new SourceArchive({ entries: { 'a.js': new SourceFile({ text: 'a' }) } }), folder),
  ]) {
    const wire = await encodeCode(code);
    const back = await decodeCode({ code: wire, binary: code.form === 'archive' });
    expect(fingerprint(back!, undefined).hash).toBe(fingerprint(code, undefined).hash);
    expect(fingerprint(await readCode(codeAsInput(back!), folder), undefined).hash).toBe(fingerprint(code, undefined).hash);
  }
});

it('reproduces an archive with a binary file as base64', async () => {
  const zip = await packZip(new Map([['program', Buffer.from([0xff, 0xfe, 0x00])]]));
  const code = await decodeCode({ code: zip.toString('base64'), binary: true });
  expect(codeAsInput(code!)).toBe(zip.toString('base64'));
});

it('knows kinds by their files', async () => {
  write(folder, { 'a.py': '', 'a.mjs': '', 'a.txt': '' });
  const kind = async (path: string) => kindOfCode(await readCode(new SourceFile({ path }), folder));
  expect([await kind('a.py'), await kind('a.mjs'), await kind('a.txt')]).toEqual(['python:default', 'nodejs:default', undefined]);
});

it('refuses what no platform stores', async () => {
  expect(await codeSizeProblem({ form: 'source', text: 'x'.repeat(MAX_EXEC_BYTES + 1) })).toMatch(/is the most an action may have/);
  expect(await codeSizeProblem({ form: 'source', text: 'x' })).toBeUndefined();
});

describe('a bundle', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bundle-'));
    for (const place of ['one', 'two']) {
      mkdirSync(join(folder, place, 'node_modules/dep'), { recursive: true });
      writeFileSync(join(folder, place, 'node_modules/dep/index.js'), 'exports.shout = (text) => text.toUpperCase();');
      writeFileSync(join(folder, place, 'text.ts'), 'export const of = (name: string): string => "Hello " + name;');
      writeFileSync(
        join(folder, place, 'index.ts'),
        `import { shout } from 'dep';\nimport { of } from './text';\nexport const main = ({ name }: { name: string }) => ({ text: shout(of(name)) });`,
      );
    }
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const bundled = (path: string) => codeOf({ code: new SourceArchive({ path }), bundle: true }, folder) as Promise<ArchiveCode>;

  it('is one file that runs, the same wherever its sources lie', async () => {
    const one = await bundled('one');
    expect([...one.files.keys()]).toEqual(['index.js']);
    const text = one.files.get('index.js')!.toString();
    const module: { exports: { main?(args: object): unknown } } = { exports: {} };
    new Function('module', 'exports', 'require', text)(module, module.exports, require);
    expect(module.exports.main!({ name: 'you' })).toEqual({ text: 'HELLO YOU' });
    expect(text).not.toContain(folder);
    expect((await bundled('two')).files.get('index.js')!.toString()).toBe(text);
    const byFile = await codeOf({ code: new SourceFile({ path: 'one/index.ts' }), bundle: true }, folder);
    expect(fingerprint(byFile, 'nodejs:default')).toEqual(fingerprint(one, 'nodejs:default'));
  });

  it('says where it fails', async () => {
    writeFileSync(join(folder, 'one/text.ts'), 'export const of = (');
    await expect(bundled('one')).rejects.toThrow(/^The code cannot be bundled: .* \(text\.ts:1\)\.$/);
    rmSync(join(folder, 'two/index.ts'));
    await expect(bundled('two')).rejects.toThrow(/has no index\.ts or index\.js/);
    await expect(codeOf({ code: 'text', bundle: true }, folder)).rejects.toThrow(/Only a folder or a file/);
  });
});

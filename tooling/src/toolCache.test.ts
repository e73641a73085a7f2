import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cachedTool, cacheKey, pointTo, toolCacheRoot } from './toolCache';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tool-cache-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const never = () => Promise.reject(new Error('must not be made again'));
const none = () => {};

describe('cachedTool', () => {
  it('makes a tool once', async () => {
    const folder = await cachedTool('tool/1', async (empty) => writeFileSync(join(empty, 'binary'), 'x'), none, root);
    expect(readFileSync(join(folder, 'binary'), 'utf8')).toBe('x');
    expect(await cachedTool('tool/1', never, none, root)).toBe(folder);
  });

  it('lets one of several builders work while the others wait for its result', async () => {
    let builds = 0;
    let waits = 0;
    const produce = async (empty: string) => {
      builds += 1;
      await sleep(100);
      writeFileSync(join(empty, 'binary'), 'x');
    };
    const wait = () => {
      waits += 1;
    };
    const folders = await Promise.all([1, 2, 3].map(() => cachedTool('tool/1', produce, wait, root)));
    expect([builds, waits]).toEqual([1, 2]);
    expect(new Set(folders).size).toBe(1);
  });

  it('leaves nothing of a build that failed, and the next one may try', async () => {
    const fail = async (empty: string) => {
      writeFileSync(join(empty, 'half'), 'x');
      throw new Error('no room');
    };
    await expect(cachedTool('tool/1', fail, none, root)).rejects.toThrow('no room');
    expect(readdirSync(join(root, 'tool'))).toEqual([]);
    expect(existsSync(await cachedTool('tool/1', async () => {}, none, root))).toBe(true);
  });

  it('does not wait for a builder that has died', async () => {
    await cachedTool('tool/other', async () => {}, none, root);
    // The largest process id of Linux is 4194304: this one can't be running.
    writeFileSync(join(root, 'tool/1.lock'), '4194399');
    mkdirSync(join(root, 'tool/1.unfinished-left'));
    let builds = 0;
    const produce = async () => {
      builds += 1;
      await sleep(50);
    };
    await Promise.all([1, 2, 3].map(() => cachedTool('tool/1', produce, none, root)));
    expect(builds).toBe(1);
    expect(readdirSync(join(root, 'tool')).sort()).toEqual(['1', 'other']);
  });
});

describe('toolCacheRoot', () => {
  it('follows XDG_CACHE_HOME', () => {
    expect(toolCacheRoot({ XDG_CACHE_HOME: root })).toBe(join(root, 'openwhisk-as-code'));
  });

  it('stays in the clone when the cache can not be written', () => {
    writeFileSync(join(root, 'file'), '');
    chmodSync(join(root, 'file'), 0o400);
    expect(toolCacheRoot({ XDG_CACHE_HOME: join(root, 'file') })).toMatch(/\.tools\/cache$/);
  });
});

it('names the same inputs the same and different ones differently', () => {
  expect(cacheKey(['a', 'b'])).toBe(cacheKey(['a', 'b']));
  expect(cacheKey(['a', 'b'])).not.toBe(cacheKey(['ab']));
  expect(cacheKey(['a', 'b'])).not.toBe(cacheKey(['', 'ab']));
});

it('replaces a link in one step', () => {
  pointTo(join(root, 'links/tool'), '/one');
  pointTo(join(root, 'links/tool'), '/two');
  expect(readlinkSync(join(root, 'links/tool'))).toBe('/two');
  expect(readdirSync(join(root, 'links'))).toEqual(['tool']);
});

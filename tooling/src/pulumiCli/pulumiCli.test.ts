import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAtLeast, pinnedVersion } from './cli';
import { generatorProgram, goProgramCacheName, pulumiProgram } from './goBuild';
import { archiveName, fetchOfficialRelease } from './officialRelease';
import { cliOnPath } from './pathCli';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulumi-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A stand-in for pulumi that answers "version" with a text. */
function fakeCli(directory: string, version: string, exitCode = 0): string {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'pulumi');
  writeFileSync(file, `#!/bin/sh\n[ "$1" = version ] && echo '${version}'\nexit ${exitCode}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe('versions', () => {
  it.each([
    ['3.200.0', '3.200.0', true],
    ['v3.259.0', '3.200.0', true],
    ['4.0.0', '3.200.0', true],
    ['3.199.9', '3.200.0', false],
    ['3.99.0', '3.200.0', false],
    ['3.200.1-dev.5+abc', '3.200.0', true],
  ])('%s is at least %s: %s', (version, oldest, expected) => {
    expect(isAtLeast(version, oldest)).toBe(expected);
  });

  it('come from the Go module', () => {
    expect(pinnedVersion('module m\n\nrequire (\n\tother v1.0.0\n\tgithub.com/pulumi/pulumi/pkg/v3 v3.1.2\n)\n')).toBe('3.1.2');
    expect(pinnedVersion('module m\n\nrequire github.com/pulumi/pulumi/pkg/v3 v3.1.3\n')).toBe('3.1.3');
    expect(() => pinnedVersion('module m\n')).toThrow('does not require');
    expect(pinnedVersion()).toMatch(/^3\.\d+\.\d+$/);
  });
});

describe('the CLI on PATH', () => {
  it('is taken when it is new enough, the first one first', async () => {
    const executable = fakeCli(join(folder, 'one'), 'v3.250.1');
    fakeCli(join(folder, 'two'), 'v3.251.0');
    const cli = await cliOnPath(undefined, `${folder}/none:relative:${folder}/one:${folder}/two`);
    expect(cli).toEqual({ executable, version: '3.250.1', origin: 'on PATH', nodejsHost: 'none' });
  });

  it('brings a language host when one lies beside it', async () => {
    fakeCli(folder, 'v3.250.1');
    writeFileSync(join(folder, 'pulumi-language-nodejs'), '');
    expect(await cliOnPath(undefined, folder)).toMatchObject({ nodejsHost: 'official' });
  });

  it.each([
    ['v3.199.0', 0, 'is 3.199.0, older than 3.200.0'],
    ['v3.250.0', 1, 'does not answer "pulumi version"'],
    ['what?', 0, 'does not answer "pulumi version"'],
  ])('that says %s and ends with %d is refused', async (version, exitCode, reason) => {
    const executable = fakeCli(folder, version, exitCode);
    const refusals: string[] = [];
    expect(await cliOnPath((refusal) => refusals.push(refusal), folder)).toBeUndefined();
    expect(refusals).toEqual([`${executable} ${reason}`]);
  });

  it('may be missing', async () => {
    expect(await cliOnPath(undefined, folder)).toBeUndefined();
  });
});

describe('the official release', () => {
  /** Serves an archive as Pulumi does: pulumi/pulumi and a language host inside. */
  async function release(version: string, serve: (url: string, empty: string) => Promise<void>): Promise<void> {
    fakeCli(join(folder, 'content/pulumi'), version);
    writeFileSync(join(folder, 'content/pulumi/pulumi-language-nodejs'), '');
    const archive = execFileSync('tar', ['-cz', '-C', join(folder, 'content'), 'pulumi']);
    const server = createServer((request, response) => {
      const known = request.url === `/${archiveName('3.259.0')}`;
      response.writeHead(known ? 200 : 404);
      response.end(known ? archive : '');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    try {
      await serve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, empty);
    } finally {
      server.close();
    }
  }

  it('is unpacked and tried', async () => {
    await release('v3.259.0', async (url, empty) => {
      await fetchOfficialRelease('3.259.0', empty, () => {}, url);
      expect(existsSync(join(empty, 'pulumi'))).toBe(true);
      expect(existsSync(join(empty, 'pulumi-language-nodejs'))).toBe(true);
      expect(existsSync(join(empty, 'release.tar.gz'))).toBe(false);
    });
  });

  it('is refused when it is not what was asked for', async () => {
    await release('v3.1.0', async (url, empty) => {
      await expect(fetchOfficialRelease('3.259.0', empty, () => {}, url)).rejects.toThrow('does not run as 3.259.0');
    });
  });

  it('is given up with the status, or with why the server could not be reached', async () => {
    await release('v3.259.0', async (url, empty) => {
      await expect(fetchOfficialRelease('3.260.0', empty, () => {}, url)).rejects.toThrow('could not be fetched: status 404');
    });
    await expect(fetchOfficialRelease('3.259.0', folder, () => {}, 'http://127.0.0.1:1')).rejects.toThrow(/could not be fetched: .+/);
  });
});

describe('programs of the Go module', () => {
  it('are cached by what goes into them', () => {
    const module = join(folder, 'module');
    mkdirSync(join(module, 'cmd/pulumi-gen-sdk'), { recursive: true });
    const set = (file: string, text: string) => writeFileSync(join(module, file), text);
    set('go.mod', 'module m\n\nrequire github.com/pulumi/pulumi/pkg/v3 v3.259.0\n');
    set('go.sum', '');
    set('cmd/pulumi-gen-sdk/main.go', 'package main');
    const names = () => [goProgramCacheName(pulumiProgram('3.259.0'), module), goProgramCacheName(generatorProgram, module)];
    const [cli, generator] = names();
    expect(names()).toEqual([cli, generator]);
    set('cmd/pulumi-gen-sdk/main.go', 'package main // changed');
    expect(names()[0]).toBe(cli);
    expect(names()[1]).not.toBe(generator);
    set('go.sum', 'changed');
    expect(names()[0]).not.toBe(cli);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../tooling/src/command';
import { acquireSchemathesis } from '../../tooling/src/schemathesis';
import { PlatformProcess } from '../platformProcess';

/** The API's own document drives a fuzzer: no 5xx, no answer that is not in the document. */
const directory = mkdtempSync(join(tmpdir(), 'fuzz-'));
let platform: PlatformProcess;
let python: string;
let auth: string;

const name = 'fuzzed';
const checks = ['not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_schema_conformance'];

beforeAll(async () => {
  python = await acquireSchemathesis();
  platform = await PlatformProcess.start();
  auth = (await platform.namespace('guest')).auth;
  await putEntities();
});
afterAll(async () => {
  await platform?.stop();
  rmSync(directory, { recursive: true });
});

/** What the fixed names of a run lead to. The fuzzer deletes and changes it: that is part of the run. */
async function putEntities(): Promise<void> {
  const code = 'function main() { return { ok: true }; }';
  for (const [path, body] of [
    [`packages/${name}-package`, {}],
    [`actions/${name}`, { exec: { kind: 'nodejs:20', code } }],
    [`actions/${name}-package/${name}`, { exec: { kind: 'nodejs:20', code }, annotations: [{ key: 'web-export', value: true }] }],
    [`triggers/${name}-trigger`, {}],
    [`rules/${name}-rule`, { trigger: `/_/${name}-trigger`, action: `/_/${name}` }],
  ] as const) {
    expect((await platform.api(auth, 'PUT', path, body)).status).toBe(200);
  }
}

/** Generates up to `examples` requests an operation, besides those that cover the document. */
async function fuzz(parameters: Record<string, string>, examples: number): Promise<{ code: number; output: string }> {
  const config = join(directory, `${Object.keys(parameters).length}.toml`);
  const lines = Object.entries(parameters).map(([key, value]) => `"path.${key}" = "${value}"`);
  writeFileSync(config, ['[parameters]', ...lines, ''].join('\n'));
  const { code, stdout, stderr } = await runCommand(
    python,
    [
      ...['-m', 'schemathesis.cli', '--config-file', config, 'run', `${platform.apiHost}/api/v1/api-docs`, '--auth', auth],
      ...['--checks', checks.join(','), '--phases', 'coverage,fuzzing', '--max-examples', String(examples), '--seed', '1'],
      ...['--suppress-health-check', 'all', '--warnings', 'off', '--no-color', '--request-timeout', '70', '--generation-database', 'none'],
    ],
    { cwd: directory },
  );
  return { code, output: stdout + stderr };
}

test('any names in any namespace', async () => {
  const { code, output } = await fuzz({}, 20);
  expect([code, output]).toEqual([0, expect.stringContaining('No issues found')]);
});

test('entities that are there', async () => {
  const names = {
    namespace: '_',
    packageName: `${name}-package`,
    actionName: name,
    triggerName: `${name}-trigger`,
    ruleName: `${name}-rule`,
  };
  const { code, output } = await fuzz(names, 30);
  expect([code, output]).toEqual([0, expect.stringContaining('No issues found')]);
});

test('the platform is as well afterwards as before', async () => {
  await platform.api(auth, 'DELETE', `rules/${name}-rule`);
  for (const path of [`packages/${name}-package?force=true`, `actions/${name}`, `triggers/${name}-trigger`]) {
    await platform.api(auth, 'DELETE', path);
  }
  await putEntities();
  const answer = await platform.api(auth, 'POST', `actions/${name}?blocking=true&result=true`);
  expect([answer.status, answer.json]).toEqual([200, { ok: true }]);
  expect(platform.output).not.toMatch(/uncaught|unhandled/i);
});

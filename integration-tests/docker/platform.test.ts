import { eventually } from '../eventually';
import { PlatformProcess } from '../platformProcess';
import { dockerEngine } from './engine';

/** The whole platform over the Docker engine. */
let platform: PlatformProcess;
let auth: string;

beforeAll(async () => {
  platform = await PlatformProcess.start({ OPENWHISK_CONTAINERS: 'docker' });
  auth = (await platform.namespace('guest')).auth;
});
afterAll(() => platform?.stop());

test.each([
  [
    'go:1.26',
    'package main\nimport "fmt"\nfunc Main(a map[string]string) map[string]string { fmt.Println("said"); return map[string]string{"greeting": "hello " + a["name"]} }',
  ],
  [
    'native:1',
    '#!/bin/sh\nexec python3 -c \'import json, sys; a = json.load(sys.stdin); print("said"); print(json.dumps({"greeting": "hello " + a["name"]}))\'',
  ],
  ['nodejs:20', 'function main({ name }) { console.log("said"); return { greeting: "hello " + name }; }'],
  // another line of the same runtime
  ['nodejs:22', 'exports.main = async ({ name }) => { console.log("said"); return { greeting: "hello " + name }; };'],
  ['python:3.11', 'def main(args):\n  print("said")\n  return {"greeting": "hello " + args["name"]}'],
])('%s: deployed, invoked, logged', async (kind, code) => {
  await platform.api(auth, 'PUT', 'actions/hello?overwrite=true', { exec: { kind, code } });
  const answer = await platform.api(auth, 'POST', 'actions/hello?blocking=true', { name: 'bob' });
  expect([answer.status, answer.json.response.result]).toEqual([200, { greeting: 'hello bob' }]);
  const docker = dockerEngine();
  const running = await docker.listContainers({ filters: { label: [`openwhisk.kind=${kind}`] } });
  expect(running.some(({ Names }) => Names.some((name) => /guest_hello|prewarm_nodejs/.test(name)))).toBe(true);
  const logs = async () => (await platform.api(auth, 'GET', `activations/${answer.json.activationId}/logs`)).json.logs;
  await eventually(async () => expect(await logs()).toEqual([expect.stringMatching(/stdout: said$/)]));
});

test('fifty first calls at once: none fails', async () => {
  for (let i = 0; i < 10; i++)
    await platform.api(auth, 'PUT', `actions/burst${i}`, { exec: { kind: 'nodejs:20', code: `function main() { return { i: ${i} }; }` } });
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => platform.api(auth, 'POST', `actions/burst${i % 10}?blocking=true&result=true`)),
  );
  expect(answers.map((a) => a.json)).toEqual(answers.map((_, i) => ({ i: i % 10 })));
});

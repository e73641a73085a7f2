import { eventually } from '../eventually';
import { PlatformProcess } from '../platformProcess';

/** What `wsk action create --native` sends: an image by name, and the code of any executable. */
let platform: PlatformProcess;
let auth: string;

beforeAll(async () => {
  platform = await PlatformProcess.start();
  auth = (await platform.namespace('guest')).auth;
});
afterAll(() => platform?.stop());

test('runs without that image, on the native kind', async () => {
  const code = '#!/bin/sh\necho "run for $__OW_ACTION_NAME"\ncat';
  const exec = { kind: 'blackbox', image: 'openwhisk/dockerskeleton', code };
  await platform.api(auth, 'PUT', 'actions/script', { exec });
  const { status, json } = await platform.api(auth, 'POST', 'actions/script?blocking=true', { a: 1 });
  expect([status, json.response.result]).toEqual([200, { a: 1 }]);
  expect(json.annotations).toContainEqual({ key: 'kind', value: 'blackbox' });
  await eventually(async () => {
    const logs: string[] = (await platform.api(auth, 'GET', `activations/${json.activationId}/logs`)).json.logs;
    expect(logs.map((line) => line.slice(31))).toEqual(['stdout: run for /guest/script']);
  });
});

test('an image of a user needs containers, and that is said', async () => {
  await platform.api(auth, 'PUT', 'actions/own', { exec: { kind: 'blackbox', image: 'me/mine:1' } });
  const { json } = await platform.api(auth, 'POST', 'actions/own?blocking=true', {});
  expect(json.response.status).toBe('whisk internal error');
  await eventually(async () => expect(platform.output).toContain("Kind 'blackbox' cannot run as a process of this machine"));
});

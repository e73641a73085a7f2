import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testContext } from '../../testing/operationContext';
import { containerHealthModel } from './containerHealth';

let folder: string;
let server: Server;
/** What was run in the container. */
let asked: object[];
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** What is said of a container of that state that logged that, when it has a second to become healthy, and its check ends with that code. */
async function wait(state: object | undefined, log: string, code = 1): Promise<string> {
  folder = mkdtempSync(join(tmpdir(), 'container-health-'));
  asked = [];
  server = createServer((request, response) => {
    if (state === undefined) response.writeHead(404).end('{"message":"No such container"}');
    else if (request.url === '/containers/p-kafka/exec') {
      request.on('data', (part) => asked.push(JSON.parse(String(part))));
      response.writeHead(201).end('{"Id":"check"}');
    } else if (request.url!.startsWith('/exec/') && request.url!.endsWith('/json'))
      response.end(JSON.stringify({ Running: false, ExitCode: code }));
    else if (request.url!.startsWith('/exec/')) response.end();
    else if (request.url!.endsWith('/json'))
      response.end(JSON.stringify({ RestartCount: 5, State: { Restarting: false, OOMKilled: false, ...state } }));
    else response.end(Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, log.length]), Buffer.from(log)]));
  });
  const socket = join(folder, 'docker.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const inputs = {
    container: 'p-kafka',
    containerId: 'id',
    service: 'kafka',
    test: ['CMD', 'is-it', 'well'],
    engine: `unix://${socket}`,
    timeout: 1,
  };
  return containerHealthModel.create(inputs, testContext()).then(
    ({ id }) => id,
    (error: Error) => error.message.replaceAll(folder, ''),
  );
}

it('waits for one that is healthy', async () => {
  expect(await wait({ Running: true, ExitCode: 0, Health: { Status: 'healthy' } }, '')).toBe('p-kafka');
});

it('does not wait for the next check of the engine when the check passes already', async () => {
  expect(await wait({ Running: true, ExitCode: 0, Health: { Status: 'starting' } }, '', 0)).toBe('p-kafka');
  expect(asked).toEqual([{ Cmd: ['is-it', 'well'] }]);
});

it('tells of one that runs and never is: the time, its last check, the end of its log', async () => {
  const Health = { Status: 'starting', Log: [{ Output: 'connection refused\nmore' }] };
  expect(await wait({ Running: true, ExitCode: 0, Health }, 'one\ntwo')).toBe(
    'The service "kafka" was not healthy within 1 s, which docker.healthTimeout sets (its last check said: connection refused); correct that and run the update again. The end of its log:\n  one\n  two',
  );
});

it('tells of one that ends because the disk is full what to do about the disk', async () => {
  expect(await wait({ Running: false, ExitCode: 1 }, 'write: No space left on device')).toMatch(
    /^The service "kafka" ends with code 1 whenever it starts; the disk of the engine is full: free some .* and run the update again\./,
  );
});

it('tells of one that is not on this engine that another one is needed', async () => {
  expect(await wait(undefined, '')).toBe(
    'The service "kafka" is not on the Docker engine at unix:///docker.sock, which has no container p-kafka: when the docker provider is for another engine, name that in docker.engine too.',
  );
});

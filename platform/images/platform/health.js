// Health check of a container: ends with 0 when the address given answers with 200, and it is this container's process that does. In the
// network of the machine somebody else may have the port. With a number behind the address it has to have done so for as many seconds: who
// starts the next container when this one is healthy gives callers time to find it.
const { readFileSync, rmSync, writeFileSync } = require('node:fs');
const { get } = require('node:http');

const { OPENWHISK_INSTANCE_ID: expected } = process.env;

/** Empty whenever the container starts. */
const SINCE = '/dev/shm/healthy-since';

function fail(reason) {
  rmSync(SINCE, { force: true });
  end(reason);
}

function end(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

function settle(seconds) {
  if (seconds <= 0) return;
  let since = Date.now();
  try {
    since = Number(readFileSync(SINCE, 'utf8'));
  } catch {
    writeFileSync(SINCE, String(since));
  }
  if (Date.now() - since < seconds * 1000) end(`it has answered for less than ${seconds} s`);
}

const request = get(process.argv[2], { timeout: 4000 }, (answer) => {
  let text = '';
  answer.setEncoding('utf8');
  answer.on('data', (chunk) => {
    text += chunk;
  });
  answer.on('end', () => {
    if (answer.statusCode !== 200) fail(`it answered ${answer.statusCode}: ${text}`);
    if (expected && JSON.parse(text).instanceId !== expected) fail('another process has its port');
    settle(Number(process.argv[3] ?? 0));
    process.exit(0);
  });
});
request.on('timeout', () => request.destroy(new Error('no answer in time')));
request.on('error', (error) => fail(error.message));

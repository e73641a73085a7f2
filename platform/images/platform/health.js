// Health check of a container: ends with 0 when the address given answers with 200, and it is this container's process that does. In the
// network of the machine somebody else may have the port.
const { get } = require('node:http');

const { OPENWHISK_INSTANCE_ID: expected } = process.env;

function fail(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
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
    process.exit(0);
  });
});
request.on('timeout', () => request.destroy(new Error('no answer in time')));
request.on('error', (error) => fail(error.message));

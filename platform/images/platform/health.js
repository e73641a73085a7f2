// Health check of a container: ends with 0 when the address given answers with 200.
const { get } = require('node:http');

const request = get(process.argv[2], { timeout: 4000 }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1));
request.on('timeout', () => request.destroy(new Error('no answer in time')));
request.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});

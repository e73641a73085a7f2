// A runtime proxy as OpenWhisk's own are written: one action, started once, JSON in and out, the marker on both streams behind each run.
const http = require('node:http');

const marker = 'XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX';
let action;

function endOutput() {
  console.log(marker);
  console.error(marker);
}

function answer(response, status, value) {
  const text = JSON.stringify(value);
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

function init({ value }, response) {
  if (action) {
    console.error('Internal system error:', 'Cannot initialize the action more than once.');
    answer(response, 403, { error: 'Cannot initialize the action more than once.' });
    return;
  }
  if (!value.code) {
    answer(response, 403, { error: 'Missing main/no code to execute.' });
    return;
  }
  Object.assign(process.env, value.env);
  try {
    action = new Function(`${value.code}\nreturn ${value.main};`)();
    answer(response, 200, { OK: true });
  } catch (error) {
    console.error('Error during initialization:', error);
    endOutput();
    answer(response, 502, { error: `Initialization has failed due to: ${error}` });
  }
}

async function run({ value, ...context }, response) {
  for (const [name, entry] of Object.entries(context)) process.env[`__OW_${name.toUpperCase()}`] = entry;
  try {
    const result = await action(value);
    endOutput();
    answer(response, 200, result ?? {});
  } catch (error) {
    console.error(error);
    endOutput();
    answer(response, 502, { error: `An error has occurred: ${error}` });
  }
}

http
  .createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const message = JSON.parse(Buffer.concat(parts).toString('utf8'));
      if (request.url === '/init') init(message, response);
      else void run(message, response);
    });
  })
  .listen(8080, '0.0.0.0');

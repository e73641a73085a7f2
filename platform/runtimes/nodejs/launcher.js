// Entry of the nodejs runtime: POST /init once, then POST /run, on a unix socket or on TCP port 8080.
const { takeOverOutput } = require('./lib/output');
const { HttpServer } = require('./lib/httpServer');
const { ActionService } = require('./lib/actionService');
const { readLifeline } = require('./lib/lifeline');

takeOverOutput();

const socketPath = process.env.OPENWHISK_RUNTIME_SOCKET;
const lifeline = process.env.OPENWHISK_RUNTIME_LIFELINE;
// how the platform reaches this process is nothing an action may rely on
delete process.env.OPENWHISK_RUNTIME_SOCKET;
delete process.env.OPENWHISK_RUNTIME_LIFELINE;

const service = new ActionService({ concurrent: process.env.__OW_ALLOW_CONCURRENT === 'true', directory: process.cwd() });
const server = new HttpServer((path, body, answer) => service.handle(path, body, answer));
const ready = lifeline === undefined ? () => {} : readLifeline(Number(lifeline));
server.listen(socketPath === undefined ? { port: 8080, host: '0.0.0.0' } : { path: socketPath }, ready);

// The throughput floor: what it costs to take a request in over HTTP and pass it to a runtime, and nothing else.
import fastify from 'fastify';
import { Client } from 'undici';

const [port, ...sockets] = process.argv.slice(2);
const clients = sockets.map((socketPath) => new Client('http://runtime', { socketPath, pipelining: 1 }));
let next = 0;

const server = fastify();
server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
server.post('/run', async (request, reply) => {
  const client = clients[next++ % clients.length];
  const { body } = await client.request({
    method: 'POST',
    path: '/run',
    headers: { 'content-type': 'application/json' },
    body: request.body,
  });
  return reply.header('content-type', 'application/json').send(await body.text());
});
await server.listen({ host: '127.0.0.1', port: Number(port) });

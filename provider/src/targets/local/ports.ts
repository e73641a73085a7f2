import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A port a service needs is not to be had. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError';
}

/** A process that has just ended may hold its ports a moment longer: its threads end one by one. */
const RELEASE_MS = 1_000;
const POLL_MS = 40;

/** Fails with one sentence that names the port, before anything is started that would fail with less. */
export async function requireFreePorts(host: string, ports: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, port] of Object.entries(ports)) {
    const problem = await lastingProblem(host, port);
    if (problem === 'EADDRINUSE') {
      throw new PortInUseError(`Port ${port} on ${host} is in use by another program; stop that, or set ${name}Port to a free port.`);
    }
    if (problem === 'EACCES')
      throw new PortInUseError(`Port ${port} on ${host} may not be used by this user; set ${name}Port to one above 1023.`);
    if (problem !== undefined) throw new PortInUseError(`Port ${port} on ${host} cannot be used (${problem}); set ${name}Port to another.`);
  }
}

async function lastingProblem(host: string, port: number): Promise<string | undefined> {
  const end = performance.now() + RELEASE_MS;
  for (;;) {
    const problem = await listenProblem(host, port);
    if (problem !== 'EADDRINUSE' || performance.now() >= end) return problem;
    await sleep(POLL_MS);
  }
}

function listenProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

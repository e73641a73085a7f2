import { createServer } from 'node:net';

/** A port a service needs is not to be had. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError';
}

/** Fails with one sentence that names the port, before anything is started that would fail with less. */
export async function requireFreePorts(host: string, ports: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, port] of Object.entries(ports)) {
    const problem = await listenProblem(host, port);
    if (problem === 'EADDRINUSE') {
      throw new PortInUseError(`Port ${port} on ${host} is in use by another program; stop that, or set ${name}Port to a free port.`);
    }
    if (problem === 'EACCES')
      throw new PortInUseError(`Port ${port} on ${host} may not be used by this user; set ${name}Port to one above 1023.`);
    if (problem !== undefined) throw new PortInUseError(`Port ${port} on ${host} cannot be used (${problem}); set ${name}Port to another.`);
  }
}

function listenProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

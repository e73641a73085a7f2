/**
 * The name by which clients call the address that ports are opened on: of "all addresses", that of the machine the engine is on.
 *
 * @param host Address the ports are opened on. Default: 127.0.0.1.
 * @param engine Address of the engine.
 */
export function clientHost(host = '127.0.0.1', engine?: string): string {
  if (host !== '0.0.0.0') return host;
  return engineHost(engine) ?? '127.0.0.1';
}

/** The machine of a remote engine; undefined for one that is here. */
export function engineHost(engine: string | undefined): string | undefined {
  return engine === undefined ? undefined : /^(?:tcp|ssh):\/\/(?:[^@/]*@)?([^:/]+)/.exec(engine)?.[1];
}

/** Whether a name means the machine one is on. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.startsWith('127.');
}

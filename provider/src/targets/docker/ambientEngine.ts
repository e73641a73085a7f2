import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The engine a platform is for when its arguments name none. */
export interface AmbientEngine {
  /** Absent: the one of this machine. */
  engine?: string;
  /** Folder with what a TLS connection to it is made with. */
  certPath?: string;
}

/** Where the engine is named that the docker command, and the docker provider, would use. */
export interface EngineSources {
  /** Configuration of the docker provider in the stack, such as `docker:host`. */
  config(name: string): string | undefined;
  env: NodeJS.ProcessEnv;
}

/** The engine is named by something that cannot be read, or by the name of a context that there is not. */
export class EngineUnknown extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'EngineUnknown';
  }
}

/** What the docker command calls the absence of a context: DOCKER_HOST, or the engine of this machine. */
const NO_CONTEXT = 'default';

/**
 * The first of: `docker:context` and `docker:host` of the stack, DOCKER_HOST, DOCKER_CONTEXT, the context that `docker context use` chose.
 * So where `docker ps` works, `pulumi up` does. Throws `EngineUnknown`.
 */
export function ambientEngine({ config, env }: EngineSources): AmbientEngine {
  const folder = env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
  const named = (value: string | undefined) => (value === undefined || value === '' ? undefined : value);
  const configured = named(config('context'));
  if (configured !== undefined && configured !== NO_CONTEXT) return contextEngine(folder, configured, 'docker:context');
  const host = (configured === undefined ? named(config('host')) : undefined) ?? named(env.DOCKER_HOST);
  if (host !== undefined) return { engine: host };
  const context = configured ?? named(env.DOCKER_CONTEXT);
  if (context !== undefined) return contextEngine(folder, context, 'DOCKER_CONTEXT');
  const file = join(folder, 'config.json');
  const current = readJson<{ currentContext?: unknown }>(file)?.currentContext;
  return typeof current === 'string' && current !== '' ? contextEngine(folder, current, file) : {};
}

/** As the docker command keeps it: a folder for each, named by the digest of the context's name. */
function contextEngine(folder: string, name: string, by: string): AmbientEngine {
  if (name === NO_CONTEXT) return {};
  const id = createHash('sha256').update(name).digest('hex');
  const meta = readJson<{ Endpoints?: { docker?: { Host?: unknown } } }>(join(folder, 'contexts', 'meta', id, 'meta.json'));
  const host = meta?.Endpoints?.docker?.Host;
  if (typeof host !== 'string' || host === '')
    throw new EngineUnknown(
      `docker.engine must be given: ${by} names the docker context "${name}", which is not known here; "docker context ls" lists those that are`,
    );
  const certPath = join(folder, 'contexts', 'tls', id, 'docker');
  return host.startsWith('tcp:') && existsSync(certPath) ? { engine: host, certPath } : { engine: host };
}

/** Undefined when there is no such file. */
function readJson<T>(file: string): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new EngineUnknown(`docker.engine must be given: ${file}, which may name it, cannot be read (${code})`);
  }
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new EngineUnknown(`docker.engine must be given: ${file}, which may name it, is not JSON`);
  }
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineAccess } from '../../blueprint/engineAccess';
import type { InputSort } from '../../resources/inputCheck';
import { text } from '../../resources/inputCheck';
import { revealDeep, type ValueMap } from '../../resources/values';
import { EngineUnreachable } from './engineErrors';

const DEFAULT_ADDRESS = 'unix:///var/run/docker.sock';

/** Where an engine is and how it is entered. */
export interface EngineSettings extends EngineAccess {
  /** Default: DOCKER_HOST, or the socket of this machine; a context is looked up before (`ambientEngine`). */
  engine?: string;
}

/** Settings as inputs of resources that talk to the engine. */
export const ENGINE_PROPERTIES = {
  engine: 'string',
  sshOpts: 'list',
  certPath: 'string',
  caMaterial: 'string',
  certMaterial: 'string',
  keyMaterial: 'string',
} as const satisfies Readonly<Record<keyof EngineSettings, InputSort>>;

/** Those of them that must not be seen. */
export const ENGINE_SECRETS: readonly (keyof EngineSettings)[] = ['keyMaterial'];

export function engineSettingsOf(inputs: ValueMap): EngineSettings {
  const settings: EngineSettings = {};
  for (const name of ['engine', 'certPath', 'caMaterial', 'certMaterial', 'keyMaterial'] as const) {
    const value = text(inputs[name]);
    if (value !== undefined) settings[name] = value;
  }
  const options = inputs.sshOpts === undefined ? undefined : revealDeep(inputs.sshOpts);
  return Array.isArray(options) ? { ...settings, sshOpts: options.map(String) } : settings;
}

/** What a TLS connection is made with, in PEM form. */
export interface ClientCertificate {
  ca: string;
  cert: string;
  key: string;
}

/** An engine's address in its parts. */
export type EngineTarget =
  | { scheme: 'unix'; path: string }
  | { scheme: 'tcp'; host: string; port: number; certificate?: ClientCertificate }
  | { scheme: 'ssh'; host: string; port?: number; user?: string; options: readonly string[] };

export function engineAddress({ engine }: EngineSettings, env: NodeJS.ProcessEnv = process.env): string {
  return engine || env.DOCKER_HOST || DEFAULT_ADDRESS;
}

/** Reads certificates. Throws `EngineUnreachable` for an address nobody can use and for files that are not there. */
export function engineTarget(settings: EngineSettings, env: NodeJS.ProcessEnv = process.env): EngineTarget {
  const address = engineAddress(settings, env);
  const path = /^unix:\/\/(.+)$/.exec(address)?.[1];
  if (path !== undefined) return { scheme: 'unix', path };
  const url = /^(tcp|http|ssh):\/\//.test(address) && URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || url.hostname === '')
    throw new EngineUnreachable(address, 'an address is of the form unix:///path, tcp://host:port or ssh://user@host');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol === 'ssh:') {
    const user = url.username === '' ? {} : { user: decodeURIComponent(url.username) };
    const port = url.port === '' ? {} : { port: Number(url.port) };
    return { scheme: 'ssh', host, ...port, ...user, options: settings.sshOpts ?? [] };
  }
  const certificate = clientCertificate(settings, address, env);
  const port = Number(url.port || (certificate === undefined ? 2375 : 2376));
  return { scheme: 'tcp', host, port, ...(certificate === undefined ? {} : { certificate }) };
}

function clientCertificate(settings: EngineSettings, address: string, env: NodeJS.ProcessEnv): ClientCertificate | undefined {
  const { caMaterial: ca, certMaterial: cert, keyMaterial: key } = settings;
  if (ca !== undefined && cert !== undefined && key !== undefined) return { ca, cert, key };
  if (settings.certPath !== undefined) return readCertificate(settings.certPath, 'docker.engineAccess.certPath', address);
  const { DOCKER_CA_MATERIAL, DOCKER_CERT_MATERIAL, DOCKER_KEY_MATERIAL, DOCKER_CERT_PATH } = env;
  if (DOCKER_CA_MATERIAL && DOCKER_CERT_MATERIAL && DOCKER_KEY_MATERIAL)
    return { ca: DOCKER_CA_MATERIAL, cert: DOCKER_CERT_MATERIAL, key: DOCKER_KEY_MATERIAL };
  return DOCKER_CERT_PATH ? readCertificate(DOCKER_CERT_PATH, 'DOCKER_CERT_PATH', address) : undefined;
}

function readCertificate(folder: string, named: string, address: string): ClientCertificate {
  const read = (file: string) => {
    try {
      return readFileSync(join(folder, file), 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new EngineUnreachable(
        address,
        `the file ${join(folder, file)} cannot be read (${code}); ${named} names a folder with ca.pem, cert.pem and key.pem`,
      );
    }
  };
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}

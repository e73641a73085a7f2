import { readdirSync, readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { SshConnection } from '../../../provider/src/targets/docker/sshConnection';
import type { Properties } from './resource';

/** An engine as the provider's configuration, or else its environment, describes it. */
export function connect(config: Properties): Docker {
  const given = (name: string, variable: string) => {
    const value = config[name] ?? process.env[variable];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  // an empty one is one that is given
  const context = config.context === '' ? undefined : given('context', 'DOCKER_CONTEXT');
  const address = context === undefined ? (given('host', 'DOCKER_HOST') ?? 'unix:///var/run/docker.sock') : contextHost(context);
  const unix = /^unix:\/\/(.+)$/.exec(address)?.[1];
  if (unix !== undefined) return new Docker({ socketPath: unix });
  if (address.startsWith('ssh:')) return overSsh(address, words(config.sshOpts));
  const { hostname, port } = new URL(address.replace(/^tcp:/, 'http:'));
  const place = { host: hostname, port: Number(port) };
  const path = given('certPath', 'DOCKER_CERT_PATH');
  const [cert, key] = [given('certMaterial', 'DOCKER_CERT_MATERIAL'), given('keyMaterial', 'DOCKER_KEY_MATERIAL')];
  if (cert !== undefined || key !== undefined) {
    if (cert === undefined || key === undefined) throw new Error('cert_material, and key_material must be specified');
    if (path !== undefined) throw new Error('cert_path must not be specified');
    return new Docker({ ...place, protocol: 'https', ca: given('caMaterial', 'DOCKER_CA_MATERIAL'), cert, key });
  }
  if (path === undefined) return new Docker({ ...place, protocol: 'http' });
  const file = (name: string) => readFileSync(join(path, name), 'utf8');
  return new Docker({ ...place, protocol: 'https', ca: file('ca.pem'), cert: file('cert.pem'), key: file('key.pem') });
}

/** The provider looks for contexts in the home folder alone. */
function contextHost(name: string): string {
  const folder = join(homedir(), '.docker', 'contexts', 'meta');
  for (const entry of readdirSync(folder)) {
    const meta = JSON.parse(readFileSync(join(folder, entry, 'meta.json'), 'utf8')) as {
      Name: string;
      Endpoints: { docker: { Host: string } };
    };
    if (meta.Name === name) return meta.Endpoints.docker.Host;
  }
  throw new Error(`Error loading Docker context '${name}': context '${name}' not found`);
}

/** Settings that are not text come as JSON. */
function words(value: unknown): string[] {
  return typeof value === 'string' ? (JSON.parse(value) as string[]) : ((value ?? []) as string[]);
}

function overSsh(address: string, options: readonly string[]): Docker {
  const { hostname: host, port, username } = new URL(address);
  const target = {
    host,
    ...(port === '' ? {} : { port: Number(port) }),
    ...(username === '' ? {} : { user: username }),
    options,
  };
  // a server takes few connections at once of those it does not know yet
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  agent.createConnection = () => new SshConnection(target) as never;
  return new Docker({ host: 'docker', port: 80, protocol: 'http', agent } as Docker.DockerOptions);
}

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Certificates of an engine and of who may use it, in folders as DOCKER_CERT_PATH names one. */
export class EngineCertificates {
  readonly port = 2376;

  constructor(
    private readonly folder: string,
    private readonly address: string,
  ) {
    mkdirSync(folder, { recursive: true });
    for (const name of ['engine', 'client', 'stranger']) mkdirSync(join(folder, name));
    for (const name of ['authority', 'other']) this.make(join(folder, `${name}-`), ['-subj', `/CN=${name}`]);
    this.sign('engine', 'authority', `subjectAltName=IP:${address}`);
    this.sign('client', 'authority', 'extendedKeyUsage=clientAuth');
    this.sign('stranger', 'other', 'extendedKeyUsage=clientAuth');
  }

  get url(): string {
    return `tcp://${this.address}:${this.port}`;
  }

  /** Options of the daemon that are opened to who has the client's. */
  get daemon(): string[] {
    const file = (name: string) => join(this.folder, 'engine', name);
    const files = ['--tlscacert', file('ca.pem'), '--tlscert', file('cert.pem'), '--tlskey', file('key.pem')];
    return ['--tlsverify', ...files, '-H', this.url];
  }

  path(who: 'client' | 'stranger'): string {
    return join(this.folder, who);
  }

  /** As settings that are not files. */
  material(trusted: 'client' | 'stranger' = 'client', who = trusted): { caMaterial: string; certMaterial: string; keyMaterial: string } {
    const read = (of: string, name: string) => readFileSync(join(this.folder, of, name), 'utf8');
    return { caMaterial: read(trusted, 'ca.pem'), certMaterial: read(who, 'cert.pem'), keyMaterial: read(who, 'key.pem') };
  }

  /** @param place What names of files begin with. */
  private make(place: string, more: readonly string[]): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${place}key.pem`];
    execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, '-out', `${place}cert.pem`, ...more], { stdio: 'ignore' });
  }

  private sign(name: string, by: string, extension: string): void {
    const authority = join(this.folder, `${by}-`);
    const signer = ['-CA', `${authority}cert.pem`, '-CAkey', `${authority}key.pem`];
    this.make(`${join(this.folder, name)}/`, ['-subj', `/CN=${name}`, ...signer, '-addext', extension]);
    execFileSync('cp', [`${authority}cert.pem`, join(this.folder, name, 'ca.pem')]);
  }
}

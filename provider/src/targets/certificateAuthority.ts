// the library under @peculiar/x509 keeps its notes on classes by it
import 'reflect-metadata';
import { createPrivateKey, KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** Clocks of clients may be behind. */
const BACKDATED_MS = 3_600_000;
/** Bytes of a serial number, as many as are usual. */
const SERIAL_BYTES = 16;

/** Who signs certificates: its own certificate and its key, in PEM form. */
export interface Authority {
  readonly certificate: string;
  readonly key: string;
  readonly expires: Date;
}

export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/** An authority that signs itself. */
export async function createAuthority(subject: string, expires: Date): Promise<Authority> {
  const { publicKey, privateKey } = await keyPair();
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: commonName(`OpenWhisk authority of ${subject}`),
      ...validUntil(expires),
      signingAlgorithm: ALGORITHM,
      keys: { publicKey, privateKey },
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(publicKey),
      ],
    },
    webcrypto as never,
  );
  return { certificate: pem(certificate), key: pemOf(privateKey), expires };
}

/** A server's certificate for these names and addresses. */
export async function signCertificate(authority: Authority, names: readonly string[], expires: Date): Promise<Issued> {
  const signer = new x509.X509Certificate(authority.certificate);
  const { publicKey, privateKey } = await keyPair();
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: commonName(names[0]!),
      issuer: signer.subjectName,
      ...validUntil(expires),
      signingAlgorithm: ALGORITHM,
      publicKey,
      signingKey: await signingKey(authority.key),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
        ),
        await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey),
        await x509.SubjectKeyIdentifierExtension.create(publicKey),
      ],
    },
    webcrypto as never,
  );
  return { certificate: pem(certificate), key: pemOf(privateKey) };
}

async function keyPair() {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

async function signingKey(key: string): Promise<webcrypto.CryptoKey> {
  const bytes = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', bytes, ALGORITHM, false, ['sign']);
}

function pemOf(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

function validUntil(notAfter: Date): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - BACKDATED_MS), notAfter };
}

/** Names are up to 64 characters long there; the names that count are in the extension. */
function commonName(name: string): x509.Name {
  return new x509.Name([{ CN: [name.slice(0, 64)] }]);
}

/** Positive, and never beginning with a zero. */
function serialNumber(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

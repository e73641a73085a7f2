import { isIP } from 'node:net';
import type { CertificateBlueprint } from '../../blueprint/tls';
import { AUTHORITY_DAYS, GENERATED_CERTIFICATE, GENERATED_KEY, renewalDays } from '../../blueprint/tls';

/** Makes a resource of Terraform and gives a reference to an attribute of it. */
export type AddResource = (id: string, type: string, attributes: Record<string, unknown>) => (attribute: string) => string;

const HOURS_A_DAY = 24;
const ALGORITHM = { algorithm: 'ECDSA', ecdsa_curve: 'P256' };

/**
 * The certificate the Pulumi component makes itself, and its authority, by Terraform's provider for them (hashicorp/tls). An apply in the
 * last of its days renews it. Gives references to generated values by name, and to the authority's certificate.
 */
export function generatedCertificate(
  { names, days }: CertificateBlueprint,
  add: AddResource,
): { values: Map<string, string>; caCertificate: string } {
  const authorityKey = add('authority-key', 'tls_private_key', ALGORITHM)('private_key_pem');
  const authority = add('authority', 'tls_self_signed_cert', {
    private_key_pem: authorityKey,
    is_ca_certificate: true,
    subject: [{ common_name: `OpenWhisk authority of ${names[0]!}`.slice(0, 64) }],
    validity_period_hours: AUTHORITY_DAYS * HOURS_A_DAY,
    early_renewal_hours: Math.ceil(days * HOURS_A_DAY),
    allowed_uses: ['cert_signing', 'crl_signing'],
    set_subject_key_id: true,
  })('cert_pem');
  const key = add('certificate-key', 'tls_private_key', ALGORITHM)('private_key_pem');
  const request = add('certificate-request', 'tls_cert_request', {
    private_key_pem: key,
    subject: [{ common_name: names[0]!.slice(0, 64) }],
    dns_names: names.filter((name) => isIP(name) === 0),
    ip_addresses: names.filter((name) => isIP(name) !== 0),
  })('cert_request_pem');
  const certificate = add('certificate', 'tls_locally_signed_cert', {
    cert_request_pem: request,
    ca_private_key_pem: authorityKey,
    ca_cert_pem: authority,
    validity_period_hours: days * HOURS_A_DAY,
    early_renewal_hours: Math.floor(renewalDays(days) * HOURS_A_DAY),
    allowed_uses: ['digital_signature', 'server_auth'],
  })('cert_pem');
  return {
    values: new Map([
      [GENERATED_CERTIFICATE, certificate],
      [GENERATED_KEY, key],
    ]),
    caCertificate: authority,
  };
}

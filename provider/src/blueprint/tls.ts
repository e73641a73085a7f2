import { isAddress } from './addresses';
import type { TlsArgs } from './partsArgs';
import type { ArgumentProblem } from './platformArgs';

/** A text that is known, or one that is made when the platform comes up, by its name. */
export type FileContent = { content: string } | { generated: string };

/** What nginx has for HTTPS. */
export interface TlsFiles {
  certificate: FileContent;
  key: FileContent;
}

/** A certificate that is made when the platform comes up, with the authority that signs it. */
export interface CertificateBlueprint {
  /** Names and addresses of hosts, the first of which is the subject; `*.` at the beginning stands for one label. */
  names: readonly string[];
  /** Days it is valid. */
  days: number;
  /** Any text; another one makes another certificate. */
  renewal?: string;
}

/** Names of generated values, beside those of generated secrets. */
export const GENERATED_CERTIFICATE = 'tlsCertificate';
export const GENERATED_KEY = 'tlsKey';

const DEFAULT_DAYS = 365;
/** As long as an authority of its own lives: twice as long as what it signs. */
export const AUTHORITY_DAYS = 3650;
const MAX_DAYS = AUTHORITY_DAYS / 2;

/** Days before its end at which an update renews a certificate: a month, of short ones a third of their life. */
export function renewalDays(days: number): number {
  return Math.min(30, days / 3);
}

export function tlsFiles(tls: TlsArgs): TlsFiles {
  return tls.generate
    ? { certificate: { generated: GENERATED_CERTIFICATE }, key: { generated: GENERATED_KEY } }
    : { certificate: { content: tls.certificate! }, key: { content: tls.key! } };
}

/** @param hosts By which clients reach the platform anyway; the first of them is the subject. */
export function certificateBlueprint(tls: TlsArgs, hosts: readonly string[]): CertificateBlueprint | undefined {
  if (!tls.generate) return undefined;
  return {
    names: [...new Set([...hosts, ...(tls.names ?? [])])],
    days: tls.days ?? DEFAULT_DAYS,
    ...(tls.renewal === undefined ? {} : { renewal: tls.renewal }),
  };
}

const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

export function isHostName(name: string): boolean {
  return HOST_NAME.test(name);
}

/** What is wrong with the arguments, by paths from `tls` on. */
export function tlsProblems({ certificate, key, generate, names, days, renewal }: TlsArgs): ArgumentProblem[] {
  const say = (reason: string, path = 'tls') => [{ path, reason }];
  if (generate && (certificate || key)) return say('either brings certificate and key or has them generated, not both');
  if (!generate && !(certificate && key)) return say('needs both certificate and key, or generate: true');
  if (!generate && (names !== undefined || days !== undefined || renewal !== undefined))
    return say('takes names, days and renewal only with generate: true');
  const unfit = (names ?? []).find((name) => !isAddress(name) && !isHostName(name.replace(/^\*\./, '')));
  if (unfit !== undefined) return say(`has "${unfit}", which is neither the name of a host nor an address`, 'tls.names');
  if (days !== undefined && !(Number.isInteger(days) && days >= 1 && days <= MAX_DAYS))
    return say(`must be a whole number from 1 to ${MAX_DAYS}`, 'tls.days');
  return [];
}

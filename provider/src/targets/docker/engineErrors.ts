/** The engine does not answer. */
export class EngineUnreachable extends Error {
  override readonly name = 'EngineUnreachable';
  constructor(address: string, reason: string, cause?: unknown) {
    super(`The Docker engine at ${address} cannot be reached: ${reason}.`, { cause });
  }
}

/** The engine has no room for what is to be put on it. */
export class EngineDiskFull extends Error {
  override readonly name = 'EngineDiskFull';
  constructor(address: string, megabytes: number) {
    super(
      `The disk of the Docker engine at ${address} is full: it lacks the ${megabytes} MB that images and data of a platform need at least; ${FREE_SOME} and run the update again.`,
    );
  }
}

/** What to do about a full disk. */
export const FREE_SOME = 'free some ("docker system df" tells what takes it, "docker image prune" removes what nobody uses) or enlarge it,';

/** Whether somebody says that he could not write any more. */
export function isDiskFull(said: string): boolean {
  return /no space left on device|ENOSPC|disk quota exceeded/i.test(said);
}

/** The ssh command ended before there was an answer. */
export class SshEnded extends Error {
  override readonly name = 'SshEnded';
  constructor(
    code: number | null,
    /** What it, or the command on the other side, printed. */
    readonly said: string,
  ) {
    super(`ssh ended with code ${code}${said === '' ? '' : `: ${said}`}`);
  }
}

const SSH_REASONS: readonly [RegExp, string][] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'the host shows another key than the one in known_hosts, so it may not be the host it was; ask its owner, and correct known_hosts',
  ],
  [
    /Host key verification failed/,
    "the host's key is not known here; have its owner confirm it, and add it to known_hosts (as connecting once with ssh does)",
  ],
  [
    /Permission denied \(/,
    'the host refuses the ssh keys it is shown; give it one it knows by an agent, by the configuration of ssh, or by docker.engineAccess.sshOpts',
  ],
  [/Could not resolve hostname/, 'there is no host of that name; correct it in docker.engine'],
  [
    /connect to host .*(refused|timed out|No route|unreachable)|Connection timed out/,
    'nothing answers to ssh there; correct host and port in docker.engine, or let the host be reached',
  ],
  [/command not found|docker: not found/, 'the host has no docker command on the PATH of that user; install it'],
  [/permission denied while trying to connect/i, 'that user of the host may not use the engine; add it to the group docker'],
  [/Cannot connect to the Docker daemon/i, 'the host is there, but no engine runs on it; start it'],
];

const CODES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no host of that name; correct it in docker.engine',
  CERT_HAS_EXPIRED: 'its certificate has expired; have it renewed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name; use one of the names it is for in docker.engine',
  EPROTO: 'it does not speak TLS; leave the certificates out, or name the port on which it does',
};

/** What TLS says of a certificate whose authority is another one. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_SIGNATURE|CERT_UNTRUSTED/;

/** Why a request to an engine got no answer, and what to do. */
export function unreachableReason(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (error instanceof SshEnded) {
    const known = SSH_REASONS.find(([pattern]) => pattern.test(error.said))?.[1];
    return known === undefined ? lastLine(message) : `${known} (${lastLine(error.said)})`;
  }
  if (UNTRUSTED.test(code))
    return `its certificate is not signed by the authority that is trusted (${message}); give that of the engine as ca.pem or caMaterial in docker.engineAccess`;
  if (/^ERR_SSL_.*(ALERT|CERTIFICATE)/.test(code))
    return `it refuses the client's certificate (${code}); give one its authority has signed in docker.engineAccess`;
  // the library of TLS tells in its messages where in its source it is
  const known = CODES[code] ?? (/WRONG_VERSION_NUMBER/.test(code) ? CODES.EPROTO : undefined);
  return known === undefined ? `${message}; start it, or name the right one in docker.engine or DOCKER_HOST` : `${known} (${code})`;
}

function lastLine(said: string): string {
  return said.trim().split('\n').at(-1)!.trim();
}

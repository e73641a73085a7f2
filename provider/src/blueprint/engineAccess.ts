/**
 * How an engine that is not on this machine is entered: the settings of the docker provider by the same names. What is left out comes from
 * DOCKER_CERT_PATH or DOCKER_CA_MATERIAL, DOCKER_CERT_MATERIAL and DOCKER_KEY_MATERIAL for `tcp://`, from ssh's own configuration for `ssh://`.
 */
export interface EngineAccess {
  /** Further options of the ssh command, a word each. */
  sshOpts?: readonly string[];
  /** Folder with ca.pem, cert.pem and key.pem; a relative one starts at the project. */
  certPath?: string;
  /** Instead of a folder, all three in PEM form: the authority's certificate, */
  caMaterial?: string;
  /** the client's certificate, */
  certMaterial?: string;
  /** and its key. */
  keyMaterial?: string;
}

const MATERIAL = ['caMaterial', 'certMaterial', 'keyMaterial'] as const;

/** What is wrong with them, by the path inside of the platform's arguments. */
export function engineAccessProblems(access: EngineAccess, engine: string | undefined): { path: string; reason: string }[] {
  const problems: { path: string; reason: string }[] = [];
  const say = (name: string, reason: string) => problems.push({ path: `docker.engineAccess.${name}`, reason });
  const scheme = engine === undefined ? undefined : /^\w+/.exec(engine)?.[0];
  const given = MATERIAL.filter((name) => access[name] !== undefined);
  if (access.sshOpts !== undefined && scheme !== undefined && scheme !== 'ssh') say('sshOpts', 'is for an engine at ssh://');
  for (const name of ['certPath', ...given] as const)
    if (access[name] !== undefined && scheme !== undefined && scheme !== 'tcp') say(name, 'is for an engine at tcp://');
  if (access.certPath !== undefined && given.length > 0) say('certPath', `cannot be given together with ${given.join(' and ')}`);
  else if (given.length > 0 && given.length < MATERIAL.length) {
    const missing = MATERIAL.filter((name) => !given.includes(name));
    for (const name of missing) say(name, `must be given too: a connection is made with all of ${MATERIAL.join(', ')}`);
  }
  return problems;
}

/** What a program says about the platform it wants; everything may be left out. */
export interface PlatformArgs {
  /** Where it runs. Default: `local`, as processes on this machine. */
  target?: 'local';
  /** Address the ports are opened on. Default: 127.0.0.1, reachable from this machine only. */
  host?: string;
  /** Port of the OpenWhisk API. Default: 3233. */
  apiPort?: number;
  /** Port of the admin API. Default: 3234. */
  adminPort?: number;
  /** Keep the data when the platform is destroyed. Default: false. */
  retainData?: boolean;
  limits?: PlatformLimits;
  /** Memory for action containers, in MB. Default: 2048. */
  userMemory?: number;
  /** Level of the platform's logs. Default: info. */
  logLevel?: LogLevel;
  /** Further OpenWhisk settings by their environment name, such as `CONFIG_whisk_activation_payload_max`. */
  settings?: Readonly<Record<string, string>>;
}

/** Limits every namespace has unless it is given its own. */
export interface PlatformLimits {
  /** Default: 60. */
  invocationsPerMinute?: number;
  /** Default: 30. */
  concurrentInvocations?: number;
  /** Default: 60. */
  firesPerMinute?: number;
  /** Actions in one sequence. Default: 50. */
  sequenceLength?: number;
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** An argument that cannot be accepted, by its path inside the arguments. */
export interface ArgumentProblem {
  path: string;
  reason: string;
}

export function checkPlatformArgs(args: PlatformArgs): ArgumentProblem[] {
  const problems: ArgumentProblem[] = [];
  const say = (path: string, reason: string) => problems.push({ path, reason });
  if (args.target !== undefined && args.target !== 'local') say('target', `"${String(args.target)}" is not a target: there is "local"`);
  for (const port of ['apiPort', 'adminPort'] as const) {
    const value = args[port];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= 65535))
      say(port, 'must be a port number from 1 to 65535');
  }
  if ((args.apiPort ?? 3233) === (args.adminPort ?? 3234)) say('adminPort', `is port ${args.adminPort ?? 3234}, which the API has already`);
  for (const [name, value] of Object.entries(args.limits ?? {})) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 0))
      say(`limits.${name}`, 'must be a whole number that is not negative');
  }
  if (args.userMemory !== undefined && !(Number.isInteger(args.userMemory) && args.userMemory >= 128)) {
    say('userMemory', 'must be a whole number of MB, at least 128 (the least an action may have)');
  }
  if (args.logLevel !== undefined && !LOG_LEVELS.includes(args.logLevel)) say('logLevel', `must be one of ${LOG_LEVELS.join(', ')}`);
  return problems;
}

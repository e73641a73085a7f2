import { MAX_CONTROLLERS, subnetProblem } from './addresses';
import { engineHost, isLoopback } from './clientHost';
import { isHostName, tlsProblems } from './tls';

/** What a program says about the platform it wants; everything may be left out. */
export interface PlatformArgs {
  /** Where it runs. `local`, the default: as processes on this machine. `docker`: as containers of a Docker engine. */
  target?: Target;
  /** Address the ports are opened on. Default: 127.0.0.1, reachable from that machine only. */
  host?: string;
  /** Port of the OpenWhisk API. Default: 3233. */
  apiPort?: number;
  /** Port of the admin API. Default: 3234. */
  adminPort?: number;
  /** Keep the data when the platform is destroyed. Default: false. */
  retainData?: boolean;
  limits?: PlatformLimits;
  /** Memory for action containers, in MB; on `docker`, of each invoker. Default: 2048. */
  userMemory?: number;
  /** Level of the platform's logs. Default: info. */
  logLevel?: LogLevel;
  /** Further OpenWhisk settings by their environment name, such as `CONFIG_whisk_activation_payload_max`. */
  settings?: Readonly<Record<string, string>>;
  /** Of the `docker` target. */
  docker?: DockerArgs;
}

/** What only a platform of containers has. */
export interface DockerArgs {
  /** The engine: `unix:///...`, `tcp://host:port` or `ssh://user@host`. Default: that of the docker provider in use. */
  engine?: string;
  /** Default: 1. */
  controllers?: number;
  /** Default: 1. */
  invokers?: number;
  /** A /16 block for its networks, such as `10.200.0.0/16`. Default: one from the upper half of 10/8, by the platform's name. */
  subnet?: string;
  /** Kinds of actions there are, of those in the runtimes manifest. Default: `nodejs:20` and `python:3.11`. */
  kinds?: readonly string[];
  /** Other images than the defaults. */
  images?: ImageArgs;
  /** A broker that is there already: `host:port`, several with commas. Default: one of its own. */
  kafkaHosts?: string;
  /** A CouchDB that is there already. Default: one of its own. */
  couchdb?: { url: string; username: string; password: string };
  /** The API's host name, below which each namespace has a name for its web actions: `guest.example.com`. Default: none. */
  domain?: string;
  /** HTTPS with a certificate that is given or generated. Default: plain HTTP. */
  tls?: TlsArgs;
  /** Lets an update remove the volume of Kafka or CouchDB with its data, as one does that names others to be used. Default: false. */
  allowDataLoss?: boolean;
  /** Path of the engine's socket on its host, which invokers start containers by. Default: /var/run/docker.sock. */
  socket?: string;
  /** First of the ports on which invokers tell how they are; they take as many as there are of them. Default: 12001. */
  invokerPort?: number;
}

/** A certificate and its key, or that they are to be generated. */
export interface TlsArgs {
  /** In PEM form, with those between it and the root. */
  certificate?: string;
  /** In PEM form. */
  key?: string;
  /** An authority of the platform's own signs a certificate for its host, its domain and the names below that. Default: false. */
  generate?: boolean;
  /** Further names and addresses of a generated certificate. */
  names?: readonly string[];
  /** Days a generated certificate is valid; an update in the last 30 of them, or the last third, renews it. Default: 365. */
  days?: number;
  /** Any text: another one renews a generated certificate at once. */
  renewal?: string;
}

/** Images by their full names, tags included. */
export interface ImageArgs {
  /** Controllers and invokers. Default: built from the source the provider carries. */
  platform?: string;
  kafka?: string;
  couchdb?: string;
  nginx?: string;
}

export const TARGETS = ['local', 'docker'] as const;
export type Target = (typeof TARGETS)[number];

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

type Say = (path: string, reason: string) => void;

export function checkPlatformArgs(args: PlatformArgs): ArgumentProblem[] {
  const problems: ArgumentProblem[] = [];
  const say: Say = (path, reason) => problems.push({ path, reason });
  if (args.target !== undefined && !TARGETS.includes(args.target))
    say('target', `"${String(args.target)}" is not a target: there are ${TARGETS.map((target) => `"${target}"`).join(' and ')}`);
  for (const port of ['apiPort', 'adminPort'] as const) checkPort(port, args[port], say);
  if ((args.apiPort ?? 3233) === (args.adminPort ?? 3234)) say('adminPort', `is port ${args.adminPort ?? 3234}, which the API has already`);
  for (const [name, value] of Object.entries(args.limits ?? {})) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 0))
      say(`limits.${name}`, 'must be a whole number that is not negative');
  }
  if (args.userMemory !== undefined && !(Number.isInteger(args.userMemory) && args.userMemory >= 128)) {
    say('userMemory', 'must be a whole number of MB, at least 128 (the least an action may have)');
  }
  if (args.logLevel !== undefined && !LOG_LEVELS.includes(args.logLevel)) say('logLevel', `must be one of ${LOG_LEVELS.join(', ')}`);
  if (args.docker !== undefined) {
    if (args.target !== 'docker') say('docker', 'is for the target "docker" only');
    checkDocker(args.docker, say);
    const machine = engineHost(args.docker.engine);
    if (machine !== undefined && !isLoopback(machine) && args.host === undefined)
      say(
        'host',
        `must be given, since the engine is on ${machine}, whose 127.0.0.1 is not reached from here: 0.0.0.0 opens ports on all its addresses`,
      );
  }
  return problems;
}

function checkDocker({ controllers, invokers, subnet, engine, tls, invokerPort, kinds, domain }: DockerArgs, say: Say): void {
  const count = (name: string, value: number | undefined, most: number) => {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= most))
      say(`docker.${name}`, `must be a whole number from 1 to ${most}`);
  };
  count('controllers', controllers, MAX_CONTROLLERS);
  count('invokers', invokers, MAX_INVOKERS);
  checkPort('docker.invokerPort', invokerPort, say);
  const problem = subnet === undefined ? undefined : subnetProblem(subnet);
  if (problem !== undefined) say('docker.subnet', problem);
  if (kinds?.length === 0) say('docker.kinds', 'must have at least one kind, such as "nodejs:20"');
  if (domain !== undefined && !isHostName(domain))
    say('docker.domain', `"${domain}" is not the name of a host such as "openwhisk.example.com"`);
  if (engine !== undefined && !/^(unix|tcp|ssh):\/\/./.test(engine))
    say('docker.engine', 'must be an address of the form unix:///path, tcp://host:port or ssh://user@host');
  for (const { path, reason } of tls === undefined ? [] : tlsProblems(tls)) say(path, reason);
}

/** More than one engine can carry. */
const MAX_INVOKERS = 64;

function checkPort(name: string, value: number | undefined, say: Say): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= 65535)) say(name, 'must be a port number from 1 to 65535');
}

import { MAX_CONTROLLERS, subnetProblem } from './addresses';
import { shapeProblems } from './argumentShape';
import { engineHost, isLoopback } from './clientHost';
import { type EngineAccess, engineAccessProblems } from './engineAccess';
import { type KubernetesArgs, kubernetesProblems } from './kubernetesArgs';
import { type PartsArgs, partsProblems } from './partsArgs';

/** What a program says about the platform it wants; everything may be left out. */
export interface PlatformArgs {
  /** Where it runs. `local`, the default: as processes on this machine. `docker`: as containers of a Docker engine. `kubernetes`: in a namespace of a cluster. */
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
  /** Memory for action containers, in MB; on `docker` and `kubernetes`, of each invoker. Default: 2048. */
  userMemory?: number;
  /** Level of the platform's logs. Default: info. */
  logLevel?: LogLevel;
  /** Further OpenWhisk settings by their environment name, such as `CONFIG_whisk_activation_payload_max`. */
  settings?: Readonly<Record<string, string>>;
  /** Of the `docker` target. */
  docker?: DockerArgs;
  /** Of the `kubernetes` target. */
  kubernetes?: KubernetesArgs;
}

/** What only a platform of containers has. */
export interface DockerArgs extends PartsArgs {
  /**
   * The engine: `unix:///...`, `tcp://host:port` or `ssh://user@host`. Default: the first of `docker:context` and `docker:host` of the
   * stack, DOCKER_HOST, DOCKER_CONTEXT, the current context of the docker command, the socket of this machine. Needed beside a docker
   * provider of the program that is for another engine.
   */
  engine?: string;
  /** How it is entered. Default: what the environment and ssh's own configuration say. */
  engineAccess?: EngineAccess;
  /** A /16 block for its networks, such as `10.200.0.0/16`. Default: one from the upper half of 10/8, by the platform's name. */
  subnet?: string;
  /** Path of the engine's socket on its host, which invokers start containers by. Default: /var/run/docker.sock; of a rootless engine, its own. */
  socket?: string;
  /**
   * Port at which actions call the API, by plain HTTP, on the gateway of their network. Default: apiPort; with TLS and `host: 0.0.0.0`, which
   * takes that port of all addresses, the one after adminPort.
   */
  actionsPort?: number;
  /** First of the ports on which invokers tell how they are; they take as many as there are of them. Default: 12001. */
  invokerPort?: number;
}

export const TARGETS = ['local', 'docker', 'kubernetes'] as const;
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

/** The ports on which a platform is called, as given or by default. */
export function platformPorts({ apiPort = 3233, adminPort = 3234, host, docker }: PlatformArgs) {
  const actionsPort = docker?.actionsPort ?? (host === '0.0.0.0' && docker?.tls !== undefined ? adminPort + 1 : apiPort);
  return { apiPort, adminPort, actionsPort };
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
  const problems = shapeProblems(args);
  // what is looked at below has to be what it is taken for
  if (problems.length > 0) return problems;
  const say: Say = (path, reason) => problems.push({ path, reason });
  if (args.target !== undefined && !TARGETS.includes(args.target))
    say('target', `"${String(args.target)}" is not a target: there are ${TARGETS.map((target) => `"${target}"`).join(', ')}`);
  for (const port of ['apiPort', 'adminPort'] as const) checkPort(port, args[port], say);
  const { apiPort, adminPort } = platformPorts(args);
  if (apiPort === adminPort) say('adminPort', `is port ${adminPort}, which the API has already`);
  for (const [name, value] of Object.entries(args.limits ?? {})) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 0))
      say(`limits.${name}`, 'must be a whole number that is not negative');
  }
  if (args.userMemory !== undefined && !(Number.isInteger(args.userMemory) && args.userMemory >= 128)) {
    say('userMemory', 'must be a whole number of MB, at least 128 (the least an action may have)');
  }
  if (args.logLevel !== undefined && !LOG_LEVELS.includes(args.logLevel)) say('logLevel', `must be one of ${LOG_LEVELS.join(', ')}`);
  if (args.target === 'kubernetes') {
    for (const { path, reason } of kubernetesProblems(args)) say(path, reason);
  } else if (args.kubernetes !== undefined) {
    say('kubernetes', 'is for the target "kubernetes" only');
  }
  if (args.docker !== undefined) {
    if (args.target !== 'docker') say('docker', 'is for the target "docker" only');
    checkDocker(args.docker, say);
    checkActionsPort(args, say);
    const machine = engineHost(args.docker.engine);
    if (machine !== undefined && !isLoopback(machine) && args.host === undefined)
      say(
        'host',
        `must be given, since the engine is on ${machine}, whose 127.0.0.1 is not reached from here: 0.0.0.0 opens ports on all its addresses`,
      );
  }
  return problems;
}

function checkDocker(args: DockerArgs, say: Say): void {
  const { subnet, engine, engineAccess, invokerPort } = args;
  for (const { path, reason } of partsProblems(args, 'docker', { controllers: MAX_CONTROLLERS, invokers: MAX_INVOKERS })) say(path, reason);
  checkPort('docker.invokerPort', invokerPort, say);
  const problem = subnet === undefined ? undefined : subnetProblem(subnet);
  if (problem !== undefined) say('docker.subnet', problem);
  if (engine !== undefined && !/^(unix|tcp|ssh):\/\/./.test(engine))
    say('docker.engine', 'must be an address of the form unix:///path, tcp://host:port or ssh://user@host');
  for (const { path, reason } of engineAccess === undefined ? [] : engineAccessProblems(engineAccess, engine)) say(path, reason);
}

function checkActionsPort(args: PlatformArgs, say: Say): void {
  checkPort('docker.actionsPort', args.docker?.actionsPort, say);
  const { actionsPort, apiPort, adminPort } = platformPorts(args);
  const everywhere = args.host === '0.0.0.0';
  if (actionsPort > 65535) say('docker.actionsPort', 'must be given: there is no port after adminPort');
  else if (everywhere && actionsPort === adminPort) say('docker.actionsPort', `is port ${adminPort}, which the admin API has already`);
  else if (everywhere && actionsPort === apiPort && args.docker?.tls !== undefined)
    say('docker.actionsPort', `is port ${apiPort}, which the API has already, and with TLS`);
}

/** More than one engine can carry. */
const MAX_INVOKERS = 64;

function checkPort(name: string, value: number | undefined, say: Say): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= 65535)) say(name, 'must be a port number from 1 to 65535');
}

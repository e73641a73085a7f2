import type { ArgumentProblem } from './platformArgs';
import { isHostName, tlsProblems } from './tls';

/** Kinds there are unless others are asked for. */
export const DEFAULT_KINDS: readonly string[] = ['nodejs:20', 'python:3.11'];

/** What is said of the parts of a distributed platform, on whatever engine they run. */
export interface PartsArgs {
  /** Default: 1. */
  controllers?: number;
  /** Default: 1. */
  invokers?: number;
  /** Kinds of actions there are, of those in the runtimes manifest. Default: `nodejs:20` and `python:3.11`. */
  kinds?: readonly string[];
  /** Other images than the defaults. */
  images?: ImageArgs;
  /** A Kafka that is there already. Default: one of its own. */
  kafka?: KafkaArgs;
  /** A CouchDB that is there already. Default: one of its own. */
  couchdb?: CouchdbArgs;
  /** The API's host name, below which each namespace has a name for its web actions: `guest.example.com`. Default: none. */
  domain?: string;
  /** HTTPS with a certificate that is given or generated. Default: plain HTTP. */
  tls?: TlsArgs;
  /** Lets an update remove the volume of Kafka or CouchDB with its data, as one does that names others to be used. Default: false. */
  allowDataLoss?: boolean;
  /** Seconds each service has to become healthy; in a cluster, with the pulling of its image. Default: 120. */
  healthTimeout?: number;
  /** Upper bounds of memory. */
  memory?: MemoryArgs;
}

/** A Kafka that is there already. */
export interface KafkaArgs {
  /** Its brokers: `host:port`, several with commas. */
  hosts: string;
  /** Over TLS. Default: true with `caCertificate`, else false. */
  tls?: boolean;
  /** Certificates in PEM form that are trusted besides those everybody trusts. */
  caCertificate?: string;
  /** How to log in. Default: not at all. */
  sasl?: SaslArgs;
  /** Copies of each topic that is made. Default: 1. */
  replicationFactor?: number;
}

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

export interface SaslArgs {
  /** Default: scram-sha-512. */
  mechanism?: (typeof SASL_MECHANISMS)[number];
  username: string;
  password: string;
}

/** A CouchDB that is there already. */
export interface CouchdbArgs {
  /** Its address, such as `https://couchdb.example.com:6984`. */
  url: string;
  /** An administrator. */
  username: string;
  password: string;
  /** Certificates in PEM form that are trusted besides those everybody trusts. */
  caCertificate?: string;
}

/** The most each container of a service may have, in MB; none of it is swapped. */
export interface MemoryArgs {
  /** Half of it is for Java's heap. Default: 1024. */
  kafka?: number;
  /** Default: 1024. */
  couchdb?: number;
  /** Containers of actions come on top: see `userMemory`. Default: 512. */
  invoker?: number;
  /** Default: 512. */
  controller?: number;
  /** Default: 256. */
  nginx?: number;
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
  /**
   * Kind to the image that runs it, instead of one that is built from the source the provider carries. Any image that speaks OpenWhisk's
   * protocol of /init and /run will do, those of Apache OpenWhisk too, also for kinds that are not in the runtimes manifest: such are added.
   */
  runtimes?: Readonly<Record<string, string>>;
}

type Say = (path: string, reason: string) => void;

/**
 * What is wrong with them, by paths below `above`: the name of the target's own arguments.
 *
 * @param most How many controllers and invokers there may be.
 */
export function partsProblems(args: PartsArgs, above: string, most: { controllers: number; invokers: number }): ArgumentProblem[] {
  const problems: ArgumentProblem[] = [];
  const say: Say = (path, reason) => problems.push({ path: `${above}.${path}`, reason });
  const { tls, kinds, images, domain, kafka, couchdb, memory, healthTimeout } = args;
  for (const name of ['controllers', 'invokers'] as const) {
    const value = args[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= most[name]))
      say(name, `must be a whole number from 1 to ${most[name]}`);
  }
  if (healthTimeout !== undefined && !(Number.isInteger(healthTimeout) && healthTimeout >= 1))
    say('healthTimeout', 'must be a whole number of seconds, at least 1');
  if (kinds?.length === 0) say('kinds', 'must have at least one kind, such as "nodejs:20"');
  for (const kind of Object.keys(images?.runtimes ?? {}))
    if (!/^[A-Za-z0-9._-]+:[A-Za-z0-9._-]+$/.test(kind) || kind.endsWith(':default'))
      say('images.runtimes', `"${kind}" is not a kind such as "ruby:3.3"`);
  if (domain !== undefined && !isHostName(domain)) say('domain', `"${domain}" is not the name of a host such as "openwhisk.example.com"`);
  for (const { path, reason } of tls === undefined ? [] : tlsProblems(tls)) say(path, reason);
  if (kafka !== undefined) checkKafka(kafka, say);
  if (couchdb !== undefined && !/^https?:\/\/[^/@]+\/?$/.test(couchdb.url))
    say('couchdb.url', 'must be an address of the form http://host:port, without a user in it');
  for (const [service, megabytes] of Object.entries(memory ?? {})) {
    if (megabytes !== undefined && !(Number.isInteger(megabytes) && megabytes >= MIN_MEMORY))
      say(`memory.${service}`, `must be a whole number of MB, at least ${MIN_MEMORY}`);
  }
  return problems;
}

function checkKafka({ hosts, tls, caCertificate, sasl, replicationFactor }: KafkaArgs, say: Say): void {
  if (!hosts.split(',').every((host) => /^[^\s:/]+:\d+$/.test(host.trim())))
    say('kafka.hosts', `"${hosts}" is not of the form host:port,host:port`);
  if (tls === false && caCertificate !== undefined) say('kafka.caCertificate', 'is for a Kafka with `tls`');
  if (sasl?.mechanism !== undefined && !SASL_MECHANISMS.includes(sasl.mechanism))
    say('kafka.sasl.mechanism', `must be one of ${SASL_MECHANISMS.join(', ')}`);
  if (replicationFactor !== undefined && !(Number.isInteger(replicationFactor) && replicationFactor >= 1))
    say('kafka.replicationFactor', 'must be a whole number from 1');
}

/** With less, none of the parts starts. */
const MIN_MEMORY = 64;

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { mustRun } from '../../tooling/src/command';
import { acquireKafkaLibraries, type KafkaLibraries } from '../../tooling/src/kafkaLibraries';
import { cachedTool } from '../../tooling/src/toolCache';
import { freePort } from '../platformProcess';
import { ControlledProcess } from './controlledProcess';

/** A broker for tests: one node on loopback with data of its own, or the one that OPENWHISK_TEST_KAFKA (`host:port,...`) names. */
export interface KafkaBroker {
  /** `host:port`, comma separated. */
  readonly address: string;
  /** A second door, with TLS and a password; undefined for a broker that is not ours. */
  readonly secure: { address: string; ca: string; username: string; password: string } | undefined;
  /** Undefined for a broker that is not ours: it can't be killed, paused or started again. */
  readonly process: ControlledProcess | undefined;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

export interface BrokerOptions {
  /** Where it listens; default 127.0.0.1. */
  host?: string;
  /** Java makes the most of what runs often, as it does by default: for measurements. Else it is quick to start. Default false. */
  forLong?: boolean;
}

/** Starts a broker and resolves when it answers. Throws with the reason when none is to be had. */
export async function startKafkaBroker({ host = '127.0.0.1', forLong = false }: BrokerOptions = {}): Promise<KafkaBroker> {
  const external = process.env.OPENWHISK_TEST_KAFKA;
  if (external) {
    if (!(await answers(external))) throw new Error(`The broker of OPENWHISK_TEST_KAFKA (${external}) does not answer.`);
    return { address: external, secure: undefined, process: undefined, close: async () => {} };
  }
  const libraries = await acquireKafkaLibraries();
  const archive = await classArchive(libraries);
  const quick = forLong ? [] : ['-XX:TieredStopAtLevel=1'];
  return ownBroker(libraries, [`-XX:SharedArchiveFile=${archive}`, ...quick, '-Xms64m'], host);
}

async function ownBroker(
  libraries: KafkaLibraries,
  jvmOptions: readonly string[],
  host = '127.0.0.1',
): Promise<KafkaBroker & { process: ControlledProcess }> {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-'));
  const [port, securePort, controllerPort] = [await freePort(), await freePort(), await freePort()];
  const properties = join(folder, 'server.properties');
  const { key, certificate } = await selfSigned(folder, host);
  const keystore = join(folder, 'keystore.pem');
  writeFileSync(keystore, key + certificate, { mode: 0o600 });
  writeFileSync(properties, serverProperties(join(folder, 'data'), host, { port, securePort, controllerPort }, keystore));
  const classPath = ['-cp', jarsOf(libraries.folder)];
  const format = ['kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', properties];
  await mustRun(libraries.java, ['-XX:TieredStopAtLevel=1', ...classPath, ...format], { timeoutMs: 60_000 });
  const address = `${host}:${port}`;
  const broker = new ControlledProcess({
    name: 'Kafka',
    command: libraries.java,
    args: ['-Xmx256m', '-XX:+UseSerialGC', ...jvmOptions, ...classPath, 'kafka.Kafka', properties],
    env: { PATH: process.env.PATH },
    ready: () => answers(address),
  });
  await broker.run();
  const close = async () => {
    await broker.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  const secure = { address: `${host}:${securePort}`, ca: certificate, ...account };
  return { address, secure, process: broker, close };
}

/** Who may enter by the secure door. */
const account = { username: 'whisk', password: 'a password of tests' };

async function selfSigned(folder: string, host: string): Promise<{ key: string; certificate: string }> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=IP:${host}`, '-days', '2'];
  await mustRun('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, '-keyout', key, '-out', certificate]);
  return { key: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') };
}

/** Every jar by name: a shared archive of classes needs the very same class path each time. */
function jarsOf(folder: string): string {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.jar'))
    .sort()
    .map((file) => join(folder, file))
    .join(':');
}

/** The broker's classes as Java keeps them in memory: a start takes a third of the time. Made once a machine. */
async function classArchive(libraries: KafkaLibraries): Promise<string> {
  const folder = await cachedTool(`kafka-classes/${libraries.key}`, async (empty) => {
    mkdirSync(empty, { recursive: true });
    const broker = await ownBroker(libraries, [`-XX:ArchiveClassesAtExit=${join(empty, 'classes.jsa')}`]);
    await broker.process.kill('SIGTERM');
    await broker.close();
  });
  return join(folder, 'classes.jsa');
}

/** A broker that has its groups ready: the first join of all on a fresh one fails. */
async function answers(address: string): Promise<boolean> {
  const kafka = new Kafka({
    brokers: address.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    requestTimeout: 5000,
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 500 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.fetchOffsets({ groupId: 'readiness' });
    return true;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

function serverProperties(
  data: string,
  host: string,
  { port, securePort, controllerPort }: { port: number; securePort: number; controllerPort: number },
  keystore: string,
): string {
  const { username, password } = account;
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://${host}:${port},SECURE://${host}:${securePort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${host}:${port},SECURE://${host}:${securePort}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL',
    'listener.name.secure.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.secure.plain.sasl.jaas.config':
      'org.apache.kafka.common.security.plain.PlainLoginModule required ' +
      `username="${username}" password="${password}" user_${username}="${password}";`,
    'listener.name.secure.ssl.keystore.type': 'PEM',
    'listener.name.secure.ssl.keystore.location': keystore,
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,
    'num.partitions': '1',
    // as in OpenWhisk's own deployments: who needs a topic makes it
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    // a broker that was killed comes back as soon as its former self is given up
    'broker.session.timeout.ms': '1000',
    'broker.heartbeat.interval.ms': '300',
    'controller.quorum.election.timeout.ms': '200',
    'controller.quorum.fetch.timeout.ms': '500',
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

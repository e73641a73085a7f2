import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../eventually';
import { call, type HttpAnswer } from '../httpCall';
import { basic, freePort, type NamespaceKey } from '../platformProcess';
import { ControlledProcess } from './controlledProcess';
import { type CouchServer, startCouchServer } from './couchServer';
import { type BrokerOptions, type KafkaBroker, startKafkaBroker } from './kafkaBroker';
import { type NginxServer, startNginx } from './nginxServer';
import { addSharedAddress, OwnNetwork, sharedAddress } from './ownNetwork';

const programs = join(__dirname, '../../platform/dist/main');

export interface ClusterOptions {
  controllers?: number;
  invokers?: number;
  /** Added to the environment of controllers and invokers. */
  environment?: Record<string, string>;
  broker?: BrokerOptions;
  /** The last controller and the first invoker are each in a network of their own, and can be cut off. */
  apart?: boolean;
}

/** A controller or invoker, each a process of its own that can be killed, paused and started again. */
export interface Member {
  readonly process: ControlledProcess;
  /** Base of its health and admin routes. */
  readonly admin: string;
  /** Undefined for one that shares the network of the tests. */
  readonly network?: OwnNetwork | undefined;
}

export interface ControllerMember extends Member {
  /** Base of its API, without nginx. */
  readonly api: string;
}

/** A whole distributed platform of real processes on free ports: Kafka, a CouchDB-protocol server, controllers, invokers, nginx. */
export class Cluster {
  readonly adminKey = randomBytes(24).toString('hex');
  private readonly folder = mkdtempSync(join(tmpdir(), 'cluster-'));
  readonly controllers: ControllerMember[] = [];
  readonly invokers: Member[] = [];
  kafka!: KafkaBroker;
  couch!: CouchServer;
  nginx!: NginxServer;
  apiHost!: string;
  private removeAddress: (() => Promise<void>) | undefined;
  /** How long each part took to come up, ms. */
  readonly startTimes: Record<string, number> = {};

  private constructor(private readonly options: Required<ClusterOptions>) {}

  /** Resolves when every controller is ready: it has bus, database and a healthy invoker. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const cluster = new Cluster({ controllers: 2, invokers: 3, environment: {}, broker: {}, apart: false, ...options });
    try {
      await cluster.run();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  private async run(): Promise<void> {
    const { controllers, invokers, broker, apart } = this.options;
    if (apart) this.removeAddress = await addSharedAddress();
    [this.kafka, this.couch] = await Promise.all([
      this.timed('Kafka', startKafkaBroker({ host: this.address, ...broker })),
      this.timed('CouchDB-protocol server', startCouchServer(this.address)),
    ]);
    const apiPort = await freePort();
    this.apiHost = `http://127.0.0.1:${apiPort}`;
    for (let i = 0; i < controllers; i++) this.controllers.push(await this.controller(i));
    for (let i = 0; i < invokers; i++) this.invokers.push(await this.invoker(i));
    await this.timed('controllers and invokers', Promise.all([...this.controllers, ...this.invokers].map(({ process }) => process.run())));
    this.nginx = await this.timed(
      'nginx',
      startNginx({
        apiPort,
        controllers: this.controllers.map(({ api, admin }) => ({ api: new URL(api).host, admin: new URL(admin).host })),
        domain: 'cluster.test',
      }),
    );
  }

  /** Ends everything and removes its data. */
  async stop(): Promise<void> {
    await this.nginx?.close();
    await Promise.all([...this.controllers, ...this.invokers].map(({ process }) => process.kill()));
    await this.couch?.close();
    await this.kafka?.close();
    for (const { network } of [...this.controllers, ...this.invokers]) await network?.remove();
    await this.removeAddress?.();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** By which every part of it reaches what listens here. */
  get address(): string {
    return this.options.apart ? sharedAddress : '127.0.0.1';
  }

  admin(method: string, path: string, json?: unknown, controller = 0): Promise<HttpAnswer> {
    const body = json === undefined ? {} : { json };
    const headers = { authorization: `Bearer ${this.adminKey}` };
    return call(this.controllers[controller]!.admin + path, { method, headers, ...body });
  }

  async namespace(name: string, limits: object = {}): Promise<NamespaceKey> {
    const { json, status, text } = await this.admin('PUT', `/v1/namespaces/${name}`, { limits });
    if (status !== 200) throw new Error(`the namespace ${name} could not be made: ${status} ${text}`);
    return json as NamespaceKey;
  }

  /** A call under `/api/v1/namespaces/_/`, through nginx. */
  api(auth: string, method: string, path: string, json?: unknown, base = this.apiHost): Promise<HttpAnswer> {
    const body = json === undefined ? {} : { json };
    return call(`${base}/api/v1/namespaces/_/${path}`, { method, headers: { authorization: basic(auth) }, ...body });
  }

  /** Resolves when every controller takes every invoker that runs for healthy. */
  async settled(): Promise<void> {
    const running = this.invokers.filter(({ process }) => process.alive).length;
    for (const { api, process } of this.controllers) {
      if (!process.alive) continue;
      await eventually(async () => {
        const answer = await call(`${api}/invokers/healthy/count`);
        if (answer.text !== String(running)) throw new Error(`${answer.text} of ${running} invokers are healthy`);
      });
    }
  }

  private async timed<T>(what: string, work: Promise<T>): Promise<T> {
    const started = Date.now();
    const done = await work;
    this.startTimes[what] = Date.now() - started;
    return done;
  }

  private async controller(index: number): Promise<ControllerMember> {
    const [port, adminPort] = [await freePort(), await freePort()];
    const network = this.options.apart && index === this.options.controllers - 1 ? await OwnNetwork.make() : undefined;
    const host = network?.address ?? '127.0.0.1';
    const admin = `http://${host}:${adminPort}`;
    const api = `http://${host}:${port}`;
    const process = new ControlledProcess({
      name: `controller ${index}`,
      ...program('controller.js', network),
      env: {
        ...this.shared(),
        OPENWHISK_API_HOST: host,
        OPENWHISK_API_PORT: String(port),
        OPENWHISK_ADMIN_PORT: String(adminPort),
        OPENWHISK_ADMIN_KEY: this.adminKey,
        OPENWHISK_CONTROLLER_ID: String(index),
        ...this.options.environment,
      },
      ready: async () => (await call(`${admin}/ready`, { timeout: 3000 })).status === 200 && (await listens(api)),
    });
    return { process, admin, api, network };
  }

  private async invoker(index: number): Promise<Member> {
    const adminPort = await freePort();
    const network = this.options.apart && index === 0 ? await OwnNetwork.make() : undefined;
    const host = network?.address ?? '127.0.0.1';
    const admin = `http://${host}:${adminPort}`;
    const process = new ControlledProcess({
      name: `invoker ${index}`,
      ...program('invoker.js', network),
      env: {
        ...this.shared(),
        OPENWHISK_API_HOST: host,
        OPENWHISK_ADMIN_PORT: String(adminPort),
        OPENWHISK_INVOKER_ID: String(index),
        OPENWHISK_DATA_DIR: join(this.folder, `invoker${index}`),
        ...this.options.environment,
      },
      ready: async () => (await call(`${admin}/ready`, { timeout: 3000 })).status === 200,
    });
    return { process, admin, network };
  }

  private shared(): Record<string, string> {
    const { kafka, couch } = this;
    return {
      PATH: process.env.PATH ?? '',
      OPENWHISK_KAFKA_HOSTS: kafka.address,
      OPENWHISK_COUCHDB_URL: couch.url,
      OPENWHISK_COUCHDB_USERNAME: couch.username,
      OPENWHISK_COUCHDB_PASSWORD: couch.password,
      OPENWHISK_PUBLIC_URL: this.apiHost,
      LIMITS_ACTIONS_INVOKES_PERMINUTE: '1000000',
      LIMITS_ACTIONS_INVOKES_CONCURRENT: '1000',
      LIMITS_TRIGGERS_FIRES_PERMINUTE: '1000000',
    };
  }
}

function program(file: string, network: OwnNetwork | undefined): { command: string; args: string[] } {
  const [command, ...args] = [...(network?.enter ?? []), process.execPath, join(programs, file)];
  return { command: command!, args };
}

async function listens(api: string): Promise<boolean> {
  return (await call(`${api}/ping`, { timeout: 2000 })).text === 'pong';
}

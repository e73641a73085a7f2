import type { FileBlueprint, ServiceBlueprint } from './blueprint';
import type { PartsArgs } from './partsArgs';

/** Where the platform's own Kafka and CouchDB listen. */
const PORTS = { kafka: 9092, couchdb: 5984 };
const COUCHDB_USER = 'openwhisk';
/** Inside the containers of controllers and invokers. */
const CA_FILES = { kafka: '/run/openwhisk/kafka-ca.pem', couchdb: '/run/openwhisk/couchdb-ca.pem' };

/** What controllers and invokers are told of Kafka and CouchDB. */
export interface BackendSettings {
  env: Readonly<Record<string, string>>;
  secrets: Readonly<Record<string, string>>;
  hiddenEnv: Readonly<Record<string, string>>;
  files: readonly FileBlueprint[];
}

/** @param plan Addresses of those that the platform brings itself. */
export function backendSettings({ kafka, couchdb }: PartsArgs, plan: { kafka: string; couchdb: string }): BackendSettings {
  const env: Record<string, string> = {
    OPENWHISK_KAFKA_HOSTS: kafka?.hosts ?? `${plan.kafka}:${PORTS.kafka}`,
    OPENWHISK_COUCHDB_URL: couchdb?.url ?? `http://${plan.couchdb}:${PORTS.couchdb}`,
    OPENWHISK_COUCHDB_USERNAME: couchdb?.username ?? COUCHDB_USER,
  };
  const hiddenEnv: Record<string, string> = {};
  const files: FileBlueprint[] = [];
  if (kafka?.replicationFactor !== undefined) env.CONFIG_whisk_kafka_replicationFactor = String(kafka.replicationFactor);
  const encrypted = kafka?.tls ?? kafka?.caCertificate !== undefined;
  if (encrypted || kafka?.sasl !== undefined)
    env.CONFIG_whisk_kafka_common_securityProtocol = `${kafka?.sasl === undefined ? '' : 'SASL_'}${encrypted ? 'SSL' : 'PLAINTEXT'}`;
  if (kafka?.sasl !== undefined) {
    env.OPENWHISK_KAFKA_SASL_MECHANISM = kafka.sasl.mechanism ?? 'scram-sha-512';
    env.OPENWHISK_KAFKA_USERNAME = kafka.sasl.username;
    hiddenEnv.OPENWHISK_KAFKA_PASSWORD = kafka.sasl.password;
  }
  if (kafka?.caCertificate !== undefined) {
    env.OPENWHISK_KAFKA_CA = CA_FILES.kafka;
    files.push({ path: CA_FILES.kafka, content: kafka.caCertificate });
  }
  if (couchdb !== undefined) hiddenEnv.OPENWHISK_COUCHDB_PASSWORD = couchdb.password;
  if (couchdb?.caCertificate !== undefined) {
    // Node's own setting: clients of the database know none
    env.NODE_EXTRA_CA_CERTS = CA_FILES.couchdb;
    files.push({ path: CA_FILES.couchdb, content: couchdb.caCertificate });
  }
  return { env, hiddenEnv, files, secrets: couchdb === undefined ? { OPENWHISK_COUCHDB_PASSWORD: 'couchdbPassword' } : {} };
}

/** How the platform's own one is made. */
export interface BackendOptions {
  image: string;
  /** Where the other parts reach it. */
  address: string;
  /** Keep its volume when the platform is removed. */
  retain: boolean;
  /** MB at most. */
  memory: number;
  /** Seconds until it must be healthy. */
  healthTimeout: number;
}

/** One broker with durable data, which is its own controller. */
export function kafkaService({ image, address, retain, memory, healthTimeout }: BackendOptions): ServiceBlueprint {
  const heap = Math.floor(memory / 2);
  return {
    name: 'kafka',
    image: { pulled: image },
    replicas: 1,
    env: {
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: `PLAINTEXT://0.0.0.0:${PORTS.kafka},CONTROLLER://127.0.0.1:9093`,
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${address}:${PORTS.kafka}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@127.0.0.1:9093',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
      KAFKA_LOG_DIRS: '/var/lib/kafka/data',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '10',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_HEAP_OPTS: `-Xms${Math.min(128, heap)}m -Xmx${heap}m`,
    },
    secrets: {},
    ports: [{ name: 'broker', port: PORTS.kafka }],
    volumes: [{ name: 'data', path: '/var/lib/kafka/data', retain, irreplaceable: true }],
    health: { port: 'broker', timeout: healthTimeout },
    needs: [],
    memory,
    stopGrace: 30,
  };
}

/** One CouchDB with durable data. */
export function couchdbService({ image, retain, memory, healthTimeout }: BackendOptions): ServiceBlueprint {
  return {
    name: 'couchdb',
    image: { pulled: image },
    replicas: 1,
    env: { COUCHDB_USER },
    secrets: { COUCHDB_PASSWORD: 'couchdbPassword' },
    ports: [{ name: 'http', port: PORTS.couchdb }],
    volumes: [{ name: 'data', path: '/opt/couchdb/data', retain, irreplaceable: true }],
    // the system databases of a single node
    files: [{ path: '/opt/couchdb/etc/local.d/openwhisk.ini', content: '[couchdb]\nsingle_node = true\nmax_document_size = 67108864\n' }],
    health: { port: 'http', timeout: healthTimeout },
    needs: [],
    memory,
    stopGrace: 30,
  };
}

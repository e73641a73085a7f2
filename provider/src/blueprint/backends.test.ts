import { backendSettings, kafkaService } from './backends';

const plan = { kafka: '10.200.2.10', couchdb: '10.200.2.11' };

it("leads to the platform's own parts", () => {
  expect(backendSettings({}, plan)).toEqual({
    env: {
      OPENWHISK_KAFKA_HOSTS: '10.200.2.10:9092',
      OPENWHISK_COUCHDB_URL: 'http://10.200.2.11:5984',
      OPENWHISK_COUCHDB_USERNAME: 'openwhisk',
    },
    secrets: { OPENWHISK_COUCHDB_PASSWORD: 'couchdbPassword' },
    hiddenEnv: {},
    files: [],
  });
});

it.each([
  ['nothing', {}, undefined],
  ['TLS', { tls: true }, 'SSL'],
  ['an authority', { caCertificate: 'CA' }, 'SSL'],
  ['a login', { sasl: { username: 'u', password: 'p' } }, 'SASL_PLAINTEXT'],
  ['both', { tls: true, sasl: { username: 'u', password: 'p' } }, 'SASL_SSL'],
])('speaks to a Kafka with %s by its protocol', (_, kafka, protocol) => {
  const { env } = backendSettings({ kafka: { hosts: 'k:9093', ...kafka } }, plan);
  expect(env.CONFIG_whisk_kafka_common_securityProtocol).toBe(protocol);
});

it('hides passwords, and puts certificates into files', () => {
  const kafka = { hosts: 'k:9093', caCertificate: 'KAFKA CA', sasl: { mechanism: 'plain', username: 'u', password: 'hidden1' } } as const;
  const couchdb = { url: 'https://c:6984', username: 'v', password: 'hidden2', caCertificate: 'COUCH CA' };
  const { env, secrets, hiddenEnv, files } = backendSettings({ kafka, couchdb }, plan);
  expect(hiddenEnv).toEqual({ OPENWHISK_KAFKA_PASSWORD: 'hidden1', OPENWHISK_COUCHDB_PASSWORD: 'hidden2' });
  expect(JSON.stringify([env, secrets, files])).not.toContain('hidden');
  expect(env).toMatchObject({ OPENWHISK_KAFKA_SASL_MECHANISM: 'plain', OPENWHISK_KAFKA_USERNAME: 'u' });
  expect(files).toEqual([
    { path: env.OPENWHISK_KAFKA_CA, content: 'KAFKA CA' },
    { path: env.NODE_EXTRA_CA_CERTS, content: 'COUCH CA' },
  ]);
});

it('leaves half of its memory to what is not the heap of Kafka', () => {
  const options = { image: 'kafka', address: plan.kafka, retain: false, healthTimeout: 1 };
  expect(kafkaService({ ...options, memory: 1024 }).env.KAFKA_HEAP_OPTS).toBe('-Xms128m -Xmx512m');
  expect(kafkaService({ ...options, memory: 201 }).env.KAFKA_HEAP_OPTS).toBe('-Xms100m -Xmx100m');
});

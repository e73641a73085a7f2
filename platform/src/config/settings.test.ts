import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, environmentName, readConfiguration, requireAdminKey, requireDataDir } from './settings';

const required = { OPENWHISK_ADMIN_KEY: 'k'.repeat(20), OPENWHISK_DATA_DIR: '/data' };

test('a key of OpenWhisk is given as CONFIG_ variable, with its units', () => {
  expect(environmentName('whisk.container-pool.user-memory')).toBe('CONFIG_whisk_containerPool_userMemory');
  const config = readConfiguration({ ...required, CONFIG_whisk_containerPool_userMemory: '4 GB', CONFIG_whisk_timeLimit_max: '10 m' });
  expect(config.containerPool.userMemory).toBe(4096);
  expect(config.limits.timeout.max).toBe(600_000);
});

test('an empty variable means the default', () => {
  expect(readConfiguration({ ...required, LIMITS_ACTIONS_INVOKES_PERMINUTE: '' }).limits.invocationsPerMinute).toBe(60);
});

test.each([
  [{ ...required, OPENWHISK_API_PORT: 'http' }, "OPENWHISK_API_PORT is not usable: 'http' is not a whole number."],
  [
    { ...required, CONFIG_whisk_memory_max: 'much' },
    "CONFIG_whisk_memory_max is not usable: 'much' is not a size such as '256 m' or '1048576 B'.",
  ],
  [
    { ...required, CONFIG_whisk_timeLimit_std: '5 weeks' },
    "CONFIG_whisk_timeLimit_std is not usable: '5 weeks' is not a duration such as '60 s' or '5 m'.",
  ],
])('%j is refused with a sentence that names the variable', (environment, message) => {
  expect(() => readConfiguration(environment as Record<string, string>)).toThrow(new ConfigurationError(message));
});

test.each([
  ['', 'Set OPENWHISK_ADMIN_KEY: it is required.'],
  ['short', 'OPENWHISK_ADMIN_KEY is too short: use at least 16 characters.'],
])("the admin key '%s' is refused", (key, message) => {
  const config = readConfiguration({ ...required, OPENWHISK_ADMIN_KEY: key });
  expect(() => requireAdminKey(config)).toThrow(new ConfigurationError(message));
});

test('names are separated by commas', () => {
  expect(readConfiguration({ ...required, OPENWHISK_INVOKER_TAGS: 'gpu, large,' }).cluster.invokerTags).toEqual(['gpu', 'large']);
});

test('a data directory is asked for where something is kept', () => {
  expect(() => requireDataDir(readConfiguration({}))).toThrow(new ConfigurationError('Set OPENWHISK_DATA_DIR: it is required.'));
});

test("OpenWhisk's name counts where ours is not set", () => {
  const names = { CONFIG_whisk_couchdb_username: 'theirs', KAFKA_HOSTS: 'a:1,b:2' };
  expect(readConfiguration(names).couchdb.username).toBe('theirs');
  expect(readConfiguration(names).kafka.hosts).toEqual(['a:1', 'b:2']);
  expect(readConfiguration({ ...names, OPENWHISK_COUCHDB_USERNAME: 'ours' }).couchdb.username).toBe('ours');
});

test('a secret may come from a file, which is named when it cannot be read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  try {
    writeFileSync(join(folder, 'key'), `${'s'.repeat(20)}\n`);
    const { OPENWHISK_ADMIN_KEY: _, ...others } = required;
    expect(readConfiguration({ ...others, OPENWHISK_ADMIN_KEY_FILE: join(folder, 'key') }).admin.key).toBe('s'.repeat(20));
    // what is given in clear comes first
    expect(readConfiguration({ ...required, OPENWHISK_ADMIN_KEY_FILE: join(folder, 'key') }).admin.key).toBe('k'.repeat(20));
    expect(() => readConfiguration({ ...others, OPENWHISK_ADMIN_KEY_FILE: join(folder, 'none') })).toThrow(
      /OPENWHISK_ADMIN_KEY_FILE .*ENOENT/,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('settings of pods: labels, and a factor', () => {
  const names = { CONFIG_whisk_kubernetes_cpuScaling_maxMillicpus: '4000', CONFIG_whisk_kubernetes_ephemeralStorage_scaleFactor: '1.5' };
  const { kubernetes } = readConfiguration({ ...names, OPENWHISK_KUBERNETES_NODE_SELECTOR: 'pool=actions, zone=' });
  expect(kubernetes).toMatchObject({ cpuScaling: { maxMillicpus: 4000 }, ephemeralStorage: { scaleFactor: 1.5 }, actionNamespace: '' });
  expect(kubernetes.nodeSelector).toEqual({ pool: 'actions', zone: '' });
  expect(() => readConfiguration({ OPENWHISK_KUBERNETES_NODE_SELECTOR: 'pool' })).toThrow(
    new ConfigurationError("OPENWHISK_KUBERNETES_NODE_SELECTOR is not usable: 'pool' is not a label such as 'key=value'."),
  );
  expect(() => readConfiguration({ CONFIG_whisk_kubernetes_ephemeralStorage_scaleFactor: 'half' })).toThrow(
    "CONFIG_whisk_kubernetes_ephemeralStorage_scaleFactor is not usable: 'half' is not a number such as '1.5'.",
  );
});

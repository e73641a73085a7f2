import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import type { KafkaBus } from '../bus/kafka/kafkaBus';
import { BusRefused, type MessageBus } from '../bus/messageBus';
import { ConfigurationError, type PlatformConfig } from '../config/settings';
import type { Logger } from '../observe/logger';
import { untilThere } from './untilThere';

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/**
 * The bus that controllers and invokers share; resolves when its broker answers, however long that takes. Throws ConfigurationError, also
 * when the broker refuses the login.
 *
 * @param waits Told why it takes long.
 */
export async function connectSharedBus(
  config: PlatformConfig,
  clientId: string,
  log: Logger,
  waits?: (reason: string) => void,
): Promise<KafkaBus & MessageBus> {
  const { hosts, prefix, replicationFactor, securityProtocol, certificates, saslMechanism, username, password } = config.kafka;
  if (hosts.length === 0) throw new ConfigurationError("Set OPENWHISK_KAFKA_HOSTS to the brokers of the cluster, as 'host:port,...'.");
  const protocol = /^(SASL_)?(PLAINTEXT|SSL)$/.exec(securityProtocol);
  if (!protocol) {
    throw new ConfigurationError(
      `CONFIG_whisk_kafka_common_securityProtocol is not usable: '${securityProtocol}' is not PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.`,
    );
  }
  const mechanism = mechanisms.find((known) => known === saslMechanism);
  if (!mechanism) {
    throw new ConfigurationError(`OPENWHISK_KAFKA_SASL_MECHANISM is not usable: '${saslMechanism}' is none of ${mechanisms.join(', ')}.`);
  }
  // loaded here, so that a platform without a broker does not pay for it
  const { KafkaBus } = await import('../bus/kafka/kafkaBus.js');
  const options = {
    brokers: hosts,
    clientId,
    prefix,
    replicationFactor,
    payload: config.limits.payload,
    serdesOverhead: config.limits.serdesOverhead,
    // given alone they would take the place of those everybody trusts
    ...(protocol[2] === 'SSL' ? { ssl: certificates === '' ? {} : { ca: [...rootCertificates, readFileSync(certificates, 'utf8')] } } : {}),
    ...(protocol[1] ? { sasl: { mechanism, username, password } } : {}),
    log,
  };
  const connect = async () => {
    try {
      return await KafkaBus.connect(options);
    } catch (error) {
      throw error instanceof BusRefused ? new ConfigurationError(`${error.message} See the settings OPENWHISK_KAFKA_*.`) : error;
    }
  };
  return untilThere('the message bus', log, connect, waits);
}

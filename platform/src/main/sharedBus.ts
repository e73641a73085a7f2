import { readFileSync } from 'node:fs';
import type { KafkaBus } from '../bus/kafka/kafkaBus';
import type { MessageBus } from '../bus/messageBus';
import { ConfigurationError, type PlatformConfig } from '../config/settings';
import type { Logger } from '../observe/logger';
import { untilThere } from './untilThere';

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/** The bus that controllers and invokers share; resolves when its broker answers, however long that takes. Throws ConfigurationError. */
export async function connectSharedBus(config: PlatformConfig, clientId: string, log: Logger): Promise<KafkaBus & MessageBus> {
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
  return untilThere('the message bus', log, () =>
    KafkaBus.connect({
      brokers: hosts,
      clientId,
      prefix,
      replicationFactor,
      payload: config.limits.payload,
      serdesOverhead: config.limits.serdesOverhead,
      ...(protocol[2] === 'SSL' ? { ssl: certificates === '' ? {} : { ca: readFileSync(certificates, 'utf8') } } : {}),
      ...(protocol[1] ? { sasl: { mechanism, username, password } } : {}),
      log,
    }),
  );
}

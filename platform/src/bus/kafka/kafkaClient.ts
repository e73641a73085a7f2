import { connect as connectPlain, isIP } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { isNativeError } from 'node:util/types';
import { type ISocketFactory, Kafka, type LogEntry, logLevel, type SASLOptions } from 'kafkajs';
import type { Logger } from '../../observe/logger';

export interface KafkaConnection {
  /** `host:port` each. */
  brokers: readonly string[];
  clientId: string;
  /** Absent = no TLS. */
  ssl?: ConnectionOptions;
  sasl?: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string };
  log: Logger;
}

/** Failed attempts come up to this far apart: who comes back is found at once. */
export const retry = { initialRetryTime: 100, maxRetryTime: 1000, retries: 12 };

/** `failed` is told of every connection that fails: what the client throws in the end is the last failure only. */
export function createKafka({ brokers, clientId, ssl, sasl, log }: KafkaConnection, failed: (error: Error) => void): Kafka {
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 3000,
    requestTimeout: 10_000,
    retry,
    socketFactory: socketFactory(failed),
    ...(ssl === undefined ? {} : { ssl }),
    // a copy: the client keeps what it makes of it in the object it is given
    ...(sasl === undefined ? {} : { sasl: { ...sasl } as SASLOptions }),
    logLevel: logLevel.WARN,
    // a lost connection is told once by the bus; what the client says about each attempt is for those who look closely
    logCreator: () => (entry: LogEntry) => log.debug({ kafka: entry.namespace, error: entry.log.error }, entry.log.message),
  });
}

/** As kafkajs has it by default, without the delay that small requests suffer from Nagle's algorithm. */
const socketFactory =
  (failed: (error: Error) => void): ISocketFactory =>
  ({ host, port, ssl, onConnect }) => {
    const socket = ssl
      ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
      : connectPlain({ host, port }, onConnect);
    socket.setKeepAlive(true, 60_000);
    socket.setNoDelay(true);
    socket.on('error', failed);
    return socket;
  };

/** Why a broker that was reached will never have us, when that is what an error says: waiting for it is of no use. */
export function refusalIn(error: unknown): string | undefined {
  for (let at = error, depth = 0; isNativeError(at) && depth < 5; at = at.cause, depth++) {
    if (at.name === 'KafkaJSSASLAuthenticationError' || /certificate/i.test(at.message)) return at.message.replace(/\.$/, '');
  }
  return undefined;
}

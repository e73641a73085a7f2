import { ConfigurationError, type PlatformConfig, readConfiguration } from '../config/settings';
import { DataDirectoryInUse } from '../host/dataDirectoryLock';
import { createLogger, type Logger } from '../observe/logger';

export interface Service {
  /** Starts everything; resolves with what stops it when it serves. */
  start(config: PlatformConfig, log: Logger): Promise<() => Promise<void>>;
  /** ms after which a stop that is still under way is cut off. */
  stopTimeout(config: PlatformConfig): number;
  /** Whether a rejection that nobody waits for can be lived with. */
  tolerates?(reason: unknown): boolean;
}

/** Runs one process of the platform: configuration from the environment, an orderly stop on SIGTERM or SIGINT, one sentence when it can't start. */
export async function runService({ start, stopTimeout, tolerates }: Service): Promise<void> {
  let log: Logger | undefined;
  process.on('unhandledRejection', (reason) => {
    if (!tolerates?.(reason)) throw reason;
    log?.error('a write to the entity store failed; see the request it belongs to');
  });
  try {
    const config = readConfiguration(process.env);
    log = createLogger(config.logLevel, 'openwhisk');
    stopOnSignal(await start(config, log), stopTimeout(config), log);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}

function stopOnSignal(stop: () => Promise<void>, timeout: number, log: Logger): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      log.info({ signal }, 'stopping');
      setTimeout(() => {
        log.warn('work under way was cut off: the time for a stop is over');
        process.exit(1);
      }, timeout).unref();
      stop().then(
        () => process.exit(0),
        (error) => {
          log.error({ err: error }, 'the stop went wrong');
          process.exit(1);
        },
      );
    });
  }
}

/** What a failure to start means to the operator, in one sentence. */
function explain(error: unknown): string {
  if (error instanceof ConfigurationError || error instanceof DataDirectoryInUse) return error.message;
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return `Port ${port} is in use: stop what listens there or set OPENWHISK_API_PORT / OPENWHISK_ADMIN_PORT.`;
  if (code === 'EACCES') return `Not allowed: ${message}.`;
  return `The platform could not start: ${message}`;
}

/** Resolves with the promise, or after `ms`. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

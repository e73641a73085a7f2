import pino, { type Logger } from 'pino';

export type { Logger };

/** JSON lines on stdout. What may carry a secret is never handed to it; the paths below are the net under that rule. */
export function createLogger(level: string, name: string): Logger {
  return pino({ level, base: { name }, redact: ['authorization', '*.authorization', 'key', '*.key', 'auth', '*.auth'] });
}

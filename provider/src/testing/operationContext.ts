import { AdminClient } from '../openwhisk/adminClient';
import { OpenWhiskClient } from '../openwhisk/openWhiskClient';
import type { OperationContext } from '../resources/resourceModel';

export interface LoggedMessage {
  severity: string;
  message: string;
}

/** A context for unit tests: its clients talk to `apiHost`, its messages are kept in `logged`. */
export function testContext(
  options: Partial<OperationContext> & { apiHost?: string } = {},
): OperationContext & { logged: LoggedMessage[] } {
  const { apiHost = 'http://127.0.0.1:1', ...rest } = options;
  const retry = { maxRetries: 2, baseDelayMs: 1, maxDelayMs: 2 };
  const client = new OpenWhiskClient({ apiHost, auth: 'uuid:key', retry });
  const admin = new AdminClient({ adminUrl: apiHost, adminKey: 'admin-key-of-the-test', retry });
  const logged: LoggedMessage[] = [];
  return {
    openwhisk: () => client,
    admin: () => admin,
    logicalName: 'thing',
    defaultNamespace: 'guest',
    programFolder: process.cwd(),
    projectRoot: process.cwd(),
    signal: new AbortController().signal,
    deadline: performance.now() + 20_000,
    log: (severity, message) => {
      logged.push({ severity, message });
    },
    ...rest,
    logged,
  };
}

import { ApiError, ConnectionError, DeadlineError } from '@openwhisk-as-code/provider/dist/openwhisk/errors';
import { type HttpAnswer, type HttpRequest, HttpTransport } from '@openwhisk-as-code/provider/dist/openwhisk/httpTransport';
import type { StackOutputs } from './pulumiStack';
import { UserError } from './userError';

/** A platform on this machine answers its health route at once, in milliseconds. */
const HEALTH_TIMEOUT_MS = 5_000;
/** A first call starts a process; this is far more than it takes, in milliseconds. */
const INVOKE_TIMEOUT_MS = 60_000;

/** Path and query that invoke an action and wait for its result; the action by its full name, /namespace/package/action. */
export function invokePath(fullName: string): string {
  const [namespace = '_', ...action] = fullName.split('/').filter((segment) => segment !== '');
  return `/api/v1/namespaces/${[namespace, 'actions', ...action].map(encodeURIComponent).join('/')}?blocking=true&result=true`;
}

/** The platform of a stack that is up, called with the trust that its outputs give. */
export class RunningPlatform {
  constructor(private readonly outputs: Pick<StackOutputs, 'caCertificate'>) {}

  /** Why the health route does not answer as it should; undefined when it does. */
  async ailment(adminUrl: string): Promise<string | undefined> {
    try {
      await this.send(adminUrl, { method: 'GET', path: '/health' }, HEALTH_TIMEOUT_MS);
      return undefined;
    } catch (error) {
      return error instanceof ConnectionError ? error.reason : (error as Error).message;
    }
  }

  /**
   * What an action answers, as the host wrote it down.
   * @throws UserError when it fails, or when nobody answers
   */
  async invoke(apiHost: string, auth: string, fullName: string, parameters: object): Promise<string> {
    try {
      const request = { method: 'POST', path: invokePath(fullName), body: parameters } as const;
      const { body } = await this.send(apiHost, request, INVOKE_TIMEOUT_MS, `Basic ${Buffer.from(auth).toString('base64')}`);
      return typeof body === 'string' ? body : JSON.stringify(body);
    } catch (error) {
      if (error instanceof ApiError) throw new UserError(`${fullName} answered ${error.status}: ${error.message}`);
      if (error instanceof ConnectionError || error instanceof DeadlineError) throw new UserError(error.message);
      throw error;
    }
  }

  private async send(origin: string, request: HttpRequest, timeoutMs: number, authorization?: string): Promise<HttpAnswer> {
    const { caCertificate } = this.outputs;
    const transport = new HttpTransport({
      origin,
      ...(authorization === undefined ? {} : { authorization }),
      // empty where none was generated
      ...(caCertificate ? { caCertificate } : {}),
      trustHint: 'set NODE_EXTRA_CA_CERTS to a file with the certificate of its authority',
    });
    try {
      const limits = { signal: new AbortController().signal, deadline: performance.now() + timeoutMs, maxRetries: 0 };
      return await transport.send(request, limits);
    } finally {
      await transport.close();
    }
  }
}

/** The API server refused a request, or does not know what it is about. */
export class KubernetesApiError extends Error {
  constructor(
    message: string,
    /** Of the answer. */
    readonly status: number,
    /** Kubernetes' own word for it, such as `AlreadyExists`; empty when it gave none. */
    readonly reason = '',
  ) {
    super(message);
    this.name = 'KubernetesApiError';
  }
}

/** The identity of the invoker lacks a right. */
export class KubernetesForbiddenError extends KubernetesApiError {
  constructor(identity: string, verb: string, resource: string, namespace: string) {
    super(
      `'${identity}' may not ${verb} ${resource} in the namespace '${namespace}': give it a role with the verb '${verb}' on the resource '${resource}' there.`,
      403,
      'Forbidden',
    );
    this.name = 'KubernetesForbiddenError';
  }
}

/** The API server was not reached, gave no answer in time or is not able to answer: the same may succeed later. */
export class KubernetesUnavailableError extends Error {
  constructor(server: string, why: string) {
    super(`The API server of the cluster at ${server} cannot be used: ${why}.`);
    this.name = 'KubernetesUnavailableError';
  }
}

const rbac = /User "([^"]+)" cannot (\w+) resource "([^"]+)".* in the namespace "([^"]+)"/;

/** What an answer that is none of success means. */
export function errorOf(server: string, status: number, text: string): Error {
  const { message = '', reason = '' } = parsed(text);
  if (status === 429 || status >= 500)
    return new KubernetesUnavailableError(server, message === '' ? `it answers ${status}` : oneLine(message));
  const missing = status === 403 ? rbac.exec(message) : null;
  if (missing) return new KubernetesForbiddenError(missing[1]!, missing[2]!, missing[3]!, missing[4]!);
  if (status === 401)
    return new KubernetesApiError(`The API server of the cluster at ${server} does not accept the invoker's credentials.`, 401, reason);
  return new KubernetesApiError(message === '' ? `The API server of the cluster answers ${status}.` : oneLine(message), status, reason);
}

/** The text of a `Status` object. */
function parsed(text: string): { message?: string; reason?: string } {
  try {
    const status = JSON.parse(text) as { message?: unknown; reason?: unknown };
    return {
      ...(typeof status.message === 'string' ? { message: status.message } : {}),
      ...(typeof status.reason === 'string' ? { reason: status.reason } : {}),
    };
  } catch {
    return {};
  }
}

/** At most 500 characters of one line: messages of admission controllers can be long. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 500);
}

import type { Identity } from '../model/identity';
import type { ApiRequest } from './http/request';

/** An authenticated call under `/namespaces/{namespace}/`. */
export interface CallContext {
  caller: Identity;
  /** `_` already replaced by the caller's. */
  namespace: string;
  request: ApiRequest;
}

export function ownsNamespace(context: CallContext): boolean {
  return context.namespace === context.caller.namespace.name;
}

import { InvokersOverloaded, NamespaceQueueFull } from '../../balancer/loadBalancer';
import { BusFull, BusUnavailable, MessageTooLarge } from '../../bus/messageBus';
import { EntityTooLarge, MalformedEntity, RequirementFailed } from '../../model/errors';
import { InstancesExceeded } from '../../model/limits';
import { AcceptanceRefused } from '../../store/acceptanceJournal';
import { RevisionConflict } from '../../store/artifactStore';
import { StoreUnavailable } from '../../store/storeUnavailable';
import { type Answer, jsonType, plainTextType } from './answer';
import {
  ApiError,
  BadRequest,
  ConcurrentModification,
  ContentTooLarge,
  InternalError,
  MalformedContent,
  TooManyRequests,
  Unavailable,
} from './errors';

/** Nothing was done, and trying again may help. */
const temporary = [BusFull, BusUnavailable, StoreUnavailable, AcceptanceRefused];

/** Errors of the model and the stores, in the words of the API. Anything unknown is an internal error. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof MalformedEntity) return new MalformedContent(error.detail);
  if (error instanceof RequirementFailed || error instanceof InstancesExceeded) return new BadRequest(error.message);
  if (error instanceof EntityTooLarge) return new ContentTooLarge(error.message);
  if (error instanceof RevisionConflict) return new ConcurrentModification();
  if (error instanceof InvokersOverloaded) return new Unavailable(error.message);
  if (error instanceof NamespaceQueueFull) return new TooManyRequests(error.message);
  if (error instanceof MessageTooLarge) return new ContentTooLarge(`Request larger than allowed: ${error.size} > ${error.allowed} bytes.`);
  if (temporary.some((kind) => error instanceof kind)) return new Unavailable();
  if (error instanceof StoreUnavailable) return new Unavailable();
  return new InternalError(undefined, {});
}

export function errorBody(message: string, transactionId: string): string {
  return `{"error":${JSON.stringify(message)},"code":${JSON.stringify(transactionId)}}`;
}

/** `cors` are the headers of the scope; a rejection goes without. */
export function errorAnswer(error: ApiError, transactionId: string, cors: Record<string, string>): Answer {
  const { rejection, headers, plainText, activationId } = error.options;
  const body = plainText ? error.message : errorBody(error.message, transactionId);
  return {
    status: error.status,
    contentType: plainText ? plainTextType : jsonType,
    body,
    headers: { ...(rejection ? {} : cors), ...headers },
    ...(activationId === undefined ? {} : { activationId }),
  };
}

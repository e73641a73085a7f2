import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { InputPropertiesError } from '@pulumi/pulumi/proto/errors_pb';
import { ErrorResourceInitFailed } from '@pulumi/pulumi/proto/provider_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';
import { Any } from 'google-protobuf/google/protobuf/any_pb';
import { ApiError } from '../openwhisk/errors';
import { PartialFailureError } from '../resources/errors';
import { InvalidArgumentsError } from './constructed';
import { structFromValues } from './propertyValues';

/** The error a call is answered with: one sentence, and where the engine has a form for it, what it is about. */
export function grpcError(error: unknown): Partial<ServiceError> {
  const message = messageOf(error);
  if (error instanceof PartialFailureError)
    return withDetails(status.UNKNOWN, message, 'ErrorResourceInitFailed', initFailed(error, message));
  if (error instanceof InvalidArgumentsError)
    return withDetails(status.INVALID_ARGUMENT, message, 'InputPropertiesError', invalidArguments(error));
  return { code: status.UNKNOWN, details: message, message };
}

/** What is there although the operation failed, so that it is not forgotten. */
function initFailed(error: PartialFailureError, message: string): Uint8Array {
  const failed = new ErrorResourceInitFailed();
  failed.setId(error.id);
  failed.setProperties(structFromValues(error.outputs));
  failed.setReasonsList([message]);
  return failed.serializeBinary();
}

function invalidArguments(error: InvalidArgumentsError): Uint8Array {
  const invalid = new InputPropertiesError();
  for (const { propertyPath, reason } of error.problems) {
    const entry = new InputPropertiesError.PropertyError();
    entry.setPropertyPath(propertyPath);
    entry.setReason(reason);
    invalid.addErrors(entry);
  }
  return invalid.serializeBinary();
}

function withDetails(code: status, message: string, type: string, details: Uint8Array): Partial<ServiceError> {
  const any = new Any();
  any.pack(details, `pulumirpc.${type}`);
  const answer = new Status();
  answer.setCode(code);
  answer.setMessage(message);
  answer.addDetails(any);
  const metadata = new Metadata();
  // gRPC's own place for structured error details.
  metadata.add('grpc-status-details-bin', Buffer.from(answer.serializeBinary()));
  return { code, details: message, message, metadata };
}

/** The message as people see it. What a host answered keeps its wording, with the request and the transaction to look it up by. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError) {
    const transaction = error.details.transactionId === undefined ? '' : `, transaction ${error.details.transactionId}`;
    return `${error.message.replace(/\s+/g, ' ').trim()} (${error.request} answered ${error.status}${transaction})`;
  }
  return error instanceof Error ? error.message : String(error);
}

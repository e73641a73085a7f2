import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { ErrorResourceInitFailed } from '@pulumi/pulumi/proto/provider_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';
import { Any } from 'google-protobuf/google/protobuf/any_pb';
import { structFromValues } from '../../../provider/src/plugin/propertyValues';
import type { ValueMap } from '../../../provider/src/resources/values';

/** An object is there, so that the engine has to note it, but does not work. */
export class InitFailed extends Error {
  override readonly name = 'InitFailed';
  constructor(
    message: string,
    readonly reasons: readonly string[],
    readonly state: { id: string; inputs: ValueMap; outputs: ValueMap },
  ) {
    super(message);
  }
}

/** In the form in which the engine takes it. */
export function rpcError(error: unknown): Partial<ServiceError> {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof InitFailed)) return { code: status.UNKNOWN, details: message, message };
  const failed = new ErrorResourceInitFailed();
  failed.setId(error.state.id);
  failed.setProperties(structFromValues(error.state.outputs));
  failed.setInputs(structFromValues(error.state.inputs));
  failed.setReasonsList([message]);
  const any = new Any();
  any.pack(failed.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed');
  const answer = new Status();
  answer.setCode(status.UNKNOWN);
  answer.setMessage(message);
  answer.addDetails(any);
  const metadata = new Metadata();
  metadata.add('grpc-status-details-bin', Buffer.from(answer.serializeBinary()));
  return { code: status.UNKNOWN, details: message, message, metadata };
}

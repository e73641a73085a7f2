import { credentials } from '@grpc/grpc-js';
import { EngineClient } from '@pulumi/pulumi/proto/engine_grpc_pb';
import { LogSeverity as EngineSeverity, LogRequest } from '@pulumi/pulumi/proto/engine_pb';
import type { LogSeverity } from '../resources/resourceModel';

const SEVERITY: Readonly<Record<LogSeverity, EngineSeverity>> = {
  debug: EngineSeverity.DEBUG,
  info: EngineSeverity.INFO,
  warning: EngineSeverity.WARNING,
  error: EngineSeverity.ERROR,
};

/** Messages to the person who runs the engine, shown beside the resource they are about. */
export class EngineLog {
  private client: EngineClient | undefined;
  private address: string | undefined;

  /** Engines tell their address on the command line, or later when they attach to a plugin that runs already. */
  connect(address: string): void {
    if (address === '' || address === this.address) return;
    this.client?.close();
    this.client = undefined;
    this.address = address;
  }

  get engineAddress(): string | undefined {
    return this.address;
  }

  /** Never fails and is not waited for: a lost message must not break an operation. */
  write(severity: LogSeverity, message: string, urn: string, status = false): void {
    if (this.address === undefined) return;
    this.client ??= new EngineClient(this.address, credentials.createInsecure());
    const request = new LogRequest();
    request.setSeverity(SEVERITY[severity]);
    request.setMessage(message);
    request.setUrn(urn);
    request.setEphemeral(status);
    this.client.log(request, () => undefined);
  }
}

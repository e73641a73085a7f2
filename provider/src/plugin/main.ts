import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { ResourceProviderService } from '@pulumi/pulumi/proto/provider_grpc_pb';
import type { ConstructRequest } from '@pulumi/pulumi/proto/provider_pb';
import type { Constructed } from './constructed';
import { EngineLog } from './engineLog';
import { ResourceProvider } from './resourceProvider';

/** Code travels inside messages; the engine's own limit is the same. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

type ConstructModule = { construct(request: ConstructRequest, engineAddress: string | undefined, version: string): Promise<Constructed> };

/** Serves the plugin: prints the port it listens on, as the engine expects, and stays until the engine ends it. */
function main(): void {
  // Both lie beside the bundle's folder; the schema carries the version everything else is told.
  const schema = readFileSync(join(__dirname, '..', 'schema.json'), 'utf8');
  const { version } = JSON.parse(schema) as { version: string };
  const log = new EngineLog();
  const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith('-'));
  if (engineAddress !== undefined) log.connect(engineAddress);
  const provider = new ResourceProvider({
    version,
    schema: () => schema,
    log,
    construct: (request, address) => (require(join(__dirname, 'construct.js')) as ConstructModule).construct(request, address, version),
  });
  const server = new Server({ 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES, 'grpc.max_send_message_length': MAX_MESSAGE_BYTES });
  server.addService(ResourceProviderService, provider.service());
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
    if (error) {
      process.stderr.write(`The openwhisk provider cannot listen: ${error.message}\n`);
      process.exit(1);
    }
    process.stdout.write(`${port}\n`);
  });
}

main();

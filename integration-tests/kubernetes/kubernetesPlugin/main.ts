/**
 * A stand-in for `pulumi-resource-kubernetes`, for machines that can't get the real one: objects of any kind that the API of a cluster has,
 * as the published provider of version 4 does it with server-side apply. No charts, no YAML files, no patches of objects of others.
 */
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import { ResourceProviderService } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as pb from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { valuesFromStruct } from '../../../provider/src/plugin/propertyValues';
import { sameValue } from '../../../provider/src/resources/equality';
import { rpcError } from './initFailed';
import { Operations } from './operations';

const VERSION = '4.34.2';
const operations = new Operations();

function checkConfig(request: pb.CheckRequest): pb.CheckResponse {
  const response = new pb.CheckResponse();
  response.setInputs(request.getNews());
  return response;
}

/** Another way to enter a cluster is no reason to make its objects anew. */
function diffConfig(request: pb.DiffRequest): pb.DiffResponse {
  const before = valuesFromStruct(request.getOldInputs() ?? request.getOlds());
  const after = valuesFromStruct(request.getNews());
  const same = sameValue({ ...before, version: null }, { ...after, version: null });
  const response = new pb.DiffResponse();
  response.setChanges(same ? pb.DiffResponse.DiffChanges.DIFF_NONE : pb.DiffResponse.DiffChanges.DIFF_SOME);
  return response;
}

function unary<Request, Response>(handle: (request: Request) => Response | Promise<Response>) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    void (async () => handle(call.request))().then(
      (response) => callback(null, response),
      (error: unknown) => callback(rpcError(error)),
    );
  };
}

const server = new Server();
server.addService(ResourceProviderService, {
  getPluginInfo: unary(() => {
    const info = new PluginInfo();
    info.setVersion(VERSION);
    return info;
  }),
  attach: unary(() => new Empty()),
  handshake: unary(() => {
    const response = new pb.ProviderHandshakeResponse();
    response.setAcceptSecrets(true);
    response.setSupportsAutonamingConfiguration(true);
    return response;
  }),
  getSchema: unary(() => {
    const response = new pb.GetSchemaResponse();
    response.setSchema(JSON.stringify({ name: 'kubernetes', version: VERSION }));
    return response;
  }),
  checkConfig: unary(checkConfig),
  diffConfig: unary(diffConfig),
  configure: unary((request: pb.ConfigureRequest) => operations.configure(request)),
  check: unary((request: pb.CheckRequest) => operations.check(request)),
  diff: unary((request: pb.DiffRequest) => operations.diff(request)),
  create: unary((request: pb.CreateRequest) => operations.create(request)),
  read: unary((request: pb.ReadRequest) => operations.read(request)),
  update: unary((request: pb.UpdateRequest) => operations.update(request)),
  delete: unary((request: pb.DeleteRequest) => operations.delete(request)),
  cancel: unary(() => operations.cancel()),
  getMapping: unary(() => new pb.GetMappingResponse()),
  getMappings: unary(() => new pb.GetMappingsResponse()),
} as never);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});

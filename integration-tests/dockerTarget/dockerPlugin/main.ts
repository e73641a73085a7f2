/**
 * A stand-in for `pulumi-resource-docker`, for machines that can't get the real one: the resource types the `docker` target uses, and of them
 * the properties it sets, as the published schema of version 5 describes them.
 */
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import { ResourceProviderService } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as pb from '@pulumi/pulumi/proto/provider_pb';
import type Docker from 'dockerode';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { structFromValues, valuesFromStruct } from '../../../provider/src/plugin/propertyValues';
import { sameValue } from '../../../provider/src/resources/equality';
import { containsUnknown, revealDeep, UNKNOWN, type Value, type ValueMap } from '../../../provider/src/resources/values';
import { connect } from './connection';
import { container } from './container';
import { network, volume } from './networksAndVolumes';
import { remoteImage } from './remoteImage';
import type { DockerResource, Properties } from './resource';

const TYPES: Readonly<Record<string, DockerResource>> = {
  'docker:index/network:Network': network,
  'docker:index/volume:Volume': volume,
  'docker:index/remoteImage:RemoteImage': remoteImage,
  'docker:index/container:Container': container,
};

let config: Properties = {};
let connected: Docker | undefined;

function engine(): Docker {
  connected ??= connect(config);
  return connected;
}

function resourceOf(urn: string): DockerResource {
  const type = urn.split('::')[2]!.split('$').pop()!;
  const resource = TYPES[type];
  if (resource === undefined) throw new Error(`The stand-in for the docker provider has no type ${type}.`);
  return resource;
}

const plain = (values: ValueMap) => revealDeep(values) as Properties;

function checkResponse(request: pb.CheckRequest): pb.CheckResponse {
  const response = new pb.CheckResponse();
  response.setInputs(request.getNews());
  return response;
}

function configure(request: pb.ConfigureRequest): pb.ConfigureResponse {
  config = plain(valuesFromStruct(request.getArgs()));
  const response = new pb.ConfigureResponse();
  response.setAcceptsecrets(true);
  response.setSupportspreview(true);
  return response;
}

function diff(request: pb.DiffRequest): pb.DiffResponse {
  const resource = resourceOf(request.getUrn());
  const before = valuesFromStruct(request.getOldInputs());
  const after = valuesFromStruct(request.getNews());
  const response = new pb.DiffResponse();
  const names = new Set([...Object.keys(before), ...Object.keys(after)].filter((name) => !name.startsWith('__')));
  for (const name of names) {
    const [old, wanted] = [before[name], after[name]];
    if (old !== undefined && wanted !== undefined && sameValue(old, wanted)) continue;
    const replaces = !resource.updatable.includes(name);
    response.addDiffs(name);
    if (replaces) response.addReplaces(name);
    const kind = new pb.PropertyDiff();
    const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = pb.PropertyDiff.Kind;
    const [plainKind, replaceKind] =
      old === undefined ? [ADD, ADD_REPLACE] : wanted === undefined ? [DELETE, DELETE_REPLACE] : [UPDATE, UPDATE_REPLACE];
    kind.setKind(replaces ? replaceKind : plainKind);
    kind.setInputdiff(true);
    response.getDetaileddiffMap().set(name, kind);
  }
  response.setHasdetaileddiff(true);
  response.setChanges(response.getDiffsList().length > 0 ? pb.DiffResponse.DiffChanges.DIFF_SOME : pb.DiffResponse.DiffChanges.DIFF_NONE);
  return response;
}

async function create(request: pb.CreateRequest): Promise<pb.CreateResponse> {
  const resource = resourceOf(request.getUrn());
  const inputs = valuesFromStruct(request.getProperties());
  const response = new pb.CreateResponse();
  if (request.getPreview() || containsUnknown(inputs as Value)) {
    response.setProperties(structFromValues({ ...inputs, ...Object.fromEntries(resource.computed.map((name) => [name, UNKNOWN])) }));
    return response;
  }
  const { id, outputs } = await resource.create(engine(), plain(inputs));
  response.setId(id);
  response.setProperties(structFromValues({ ...inputs, ...(outputs as ValueMap) }));
  return response;
}

async function read(request: pb.ReadRequest): Promise<pb.ReadResponse> {
  const inputs = valuesFromStruct(request.getInputs());
  const live = await resourceOf(request.getUrn()).read(engine(), request.getId(), plain(inputs));
  const response = new pb.ReadResponse();
  if (live === undefined) return response;
  response.setId(request.getId());
  response.setInputs(request.getInputs());
  response.setProperties(structFromValues({ ...valuesFromStruct(request.getProperties()), ...(live as ValueMap) }));
  return response;
}

async function update(request: pb.UpdateRequest): Promise<pb.UpdateResponse> {
  const inputs = valuesFromStruct(request.getNews());
  if (!request.getPreview()) await resourceOf(request.getUrn()).update?.(engine(), request.getId(), plain(inputs));
  const response = new pb.UpdateResponse();
  response.setProperties(structFromValues({ ...valuesFromStruct(request.getOlds()), ...inputs }));
  return response;
}

async function remove(request: pb.DeleteRequest): Promise<Empty> {
  await resourceOf(request.getUrn()).delete(engine(), request.getId(), plain(valuesFromStruct(request.getProperties())));
  return new Empty();
}

function unary<Request, Response>(handle: (request: Request) => Response | Promise<Response>) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    void (async () => handle(call.request))().then(
      (response) => callback(null, response),
      (error: Error) => callback({ code: 2, details: error.message }),
    );
  };
}

const server = new Server();
server.addService(ResourceProviderService, {
  getPluginInfo: unary(() => {
    const info = new PluginInfo();
    info.setVersion('5.2.0');
    return info;
  }),
  attach: unary(() => new Empty()),
  handshake: unary(() => {
    const response = new pb.ProviderHandshakeResponse();
    response.setAcceptSecrets(true);
    return response;
  }),
  getSchema: unary(() => {
    const response = new pb.GetSchemaResponse();
    response.setSchema('{"name":"docker","version":"5.2.0"}');
    return response;
  }),
  checkConfig: unary(checkResponse),
  diffConfig: unary(() => new pb.DiffResponse()),
  configure: unary(configure),
  check: unary(checkResponse),
  diff: unary(diff),
  create: unary(create),
  read: unary(read),
  update: unary(update),
  delete: unary(remove),
  cancel: unary(() => new Empty()),
  getMapping: unary(() => new pb.GetMappingResponse()),
  getMappings: unary(() => new pb.GetMappingsResponse()),
} as never);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});

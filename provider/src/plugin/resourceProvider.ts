import { type ServerUnaryCall, type sendUnaryData, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { type PluginAttach, PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import * as pb from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { type JavaScriptValue, Struct } from 'google-protobuf/google/protobuf/struct_pb';
import { functionOf } from '../functions/functionTypes';
import { ConnectionError } from '../openwhisk/errors';
import { checkShape, withoutNulls } from '../resources/inputCheck';
import { formatPropertyPath } from '../resources/propertyPath';
import type { CheckFailure, OperationContext, ResourceModel } from '../resources/resourceModel';
import { containsUnknown, mapValues, Secret, UNKNOWN, type ValueMap } from '../resources/values';
import { type Constructed, InvalidArgumentsError } from './constructed';
import { diffResponse } from './diffResponse';
import type { EngineLog } from './engineLog';
import { grpcError } from './grpcErrors';
import { Operations } from './operations';
import { structFromValues, valuesFromStruct } from './propertyValues';
import { checkProviderConfig, resolveProviderConfig } from './providerConfig';
import { modelOf, nameOfUrn, typeOfUrn } from './resourceTypes';

export interface ResourceProviderOptions {
  version: string;
  /** The text of schema.json, read when it is asked for. */
  schema: () => string;
  log: EngineLog;
  /** Builds a component. Apart, because it needs the whole Pulumi SDK, which takes long to load. */
  construct: (request: pb.ConstructRequest, engineAddress: string | undefined) => Promise<Constructed>;
}

const SECRET_SETTINGS = new Set(['auth', 'adminKey']);

/** A refresh would rather report an unreachable host than wait for it. */
const READ_RETRIES = 2;

/** The Pulumi ResourceProvider service: translates the protocol, and leaves what resources are to their models. */
export class ResourceProvider {
  private readonly operations: Operations;
  /** Hosts a refresh did not reach: said once, not for each resource. */
  private readonly unreachable = new Set<string>();

  constructor(private readonly options: ResourceProviderOptions) {
    this.operations = new Operations(options.log);
  }

  /** The handlers in the form a gRPC server takes. */
  service(): UntypedServiceImplementation {
    const unary =
      <Request, Response>(handle: (request: Request) => Response | Promise<Response>) =>
      (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
        void (async () => handle(call.request))().then(
          (response) => callback(null, response),
          (error: unknown) => callback(grpcError(error)),
        );
      };
    const unimplemented = (_call: unknown, callback: sendUnaryData<unknown>): void => {
      callback({ code: status.UNIMPLEMENTED, details: 'The openwhisk provider does not implement this call.' });
    };
    return {
      getPluginInfo: unary(() => this.pluginInfo()),
      attach: unary((request: PluginAttach) => this.attach(request.getAddress())),
      handshake: unary((request: pb.ProviderHandshakeRequest) => this.handshake(request)),
      getSchema: unary((request: pb.GetSchemaRequest) => this.schema(request)),
      checkConfig: unary((request: pb.CheckRequest) => this.checkConfig(request)),
      diffConfig: unary((request: pb.DiffRequest) => this.diffConfig(request)),
      configure: unary((request: pb.ConfigureRequest) => this.configure(request)),
      check: unary((request: pb.CheckRequest) => this.check(request)),
      diff: unary((request: pb.DiffRequest) => this.diff(request)),
      create: unary((request: pb.CreateRequest) => this.create(request)),
      read: unary((request: pb.ReadRequest) => this.read(request)),
      update: unary((request: pb.UpdateRequest) => this.update(request)),
      delete: unary((request: pb.DeleteRequest) => this.delete(request)),
      construct: unary((request: pb.ConstructRequest) => this.construct(request)),
      cancel: unary(() => this.cancel()),
      getMapping: unary(() => new pb.GetMappingResponse()),
      getMappings: unary(() => new pb.GetMappingsResponse()),
      call: unimplemented,
      invoke: unary((request: pb.InvokeRequest) => this.invoke(request)),
      parameterize: unimplemented,
      list: (call: { emit(event: 'error', error: object): void }) => {
        call.emit('error', { code: status.UNIMPLEMENTED, details: 'The openwhisk provider does not implement this call.' });
      },
    };
  }

  private pluginInfo(): PluginInfo {
    const info = new PluginInfo();
    info.setVersion(this.options.version);
    return info;
  }

  private attach(address: string): Empty {
    this.options.log.connect(address);
    return new Empty();
  }

  private handshake(request: pb.ProviderHandshakeRequest): pb.ProviderHandshakeResponse {
    this.options.log.connect(request.getEngineAddress());
    const response = new pb.ProviderHandshakeResponse();
    response.setAcceptSecrets(true);
    response.setAcceptResources(false);
    response.setAcceptOutputs(false);
    response.setSupportsAutonamingConfiguration(true);
    return response;
  }

  private schema(request: pb.GetSchemaRequest): pb.GetSchemaResponse {
    if (request.getVersion() !== 0) throw new Error(`There is no schema in version ${request.getVersion()} of the schema language.`);
    const response = new pb.GetSchemaResponse();
    response.setSchema(this.options.schema());
    return response;
  }

  private checkConfig(request: pb.CheckRequest): pb.CheckResponse {
    const inputs = valuesFromStruct(request.getNews());
    // The engine sends them bare here, and an SDK that read one from the environment did not know that it is a secret.
    const hidden = mapValues(inputs, (value, key) => (SECRET_SETTINGS.has(key) && !(value instanceof Secret) ? new Secret(value) : value));
    return checkResponse(hidden, checkProviderConfig(inputs));
  }

  /** Another host or key is the same provider pointed elsewhere: whether an entity must be replaced is for its own diff to say. */
  private diffConfig(request: pb.DiffRequest): pb.DiffResponse {
    const before = valuesFromStruct(request.getOldInputs() ?? request.getOlds());
    const after = valuesFromStruct(request.getNews());
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    const changed = [...keys].filter((key) => key !== 'version' && JSON.stringify(before[key]) !== JSON.stringify(after[key]));
    const response = new pb.DiffResponse();
    response.setChanges(changed.length === 0 ? pb.DiffResponse.DiffChanges.DIFF_NONE : pb.DiffResponse.DiffChanges.DIFF_SOME);
    response.setDiffsList(changed);
    return response;
  }

  private configure(request: pb.ConfigureRequest): pb.ConfigureResponse {
    const args = request.getArgs();
    this.operations.configure(resolveProviderConfig(valuesFromStruct(args)));
    const response = new pb.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setSupportspreview(true);
    response.setAcceptresources(false);
    response.setAcceptoutputs(false);
    response.setSupportsAutonamingConfiguration(true);
    return response;
  }

  private async check(request: pb.CheckRequest): Promise<pb.CheckResponse> {
    const { model, context } = this.target(request);
    const olds = valuesFromStruct(request.getOlds());
    const autonaming = request.getAutonaming();
    const disabled = autonaming?.getMode() === pb.CheckRequest.AutonamingOptions.Mode.DISABLE;
    const proposed = disabled ? undefined : autonaming?.getProposedName();
    const { inputs, failures } = await model.check(
      {
        logicalName: nameOfUrn(request.getUrn()),
        ...(proposed ? { proposedName: proposed } : {}),
        inputs: valuesFromStruct(request.getNews()),
        ...(Object.keys(olds).length === 0 ? {} : { oldInputs: olds }),
      },
      context,
    );
    return checkResponse(inputs, failures);
  }

  private async diff(request: pb.DiffRequest): Promise<pb.DiffResponse> {
    const { model, context } = this.target(request);
    return diffResponse(await model.diff(diffRequest(request), context), model);
  }

  private async create(request: pb.CreateRequest): Promise<pb.CreateResponse> {
    const { model, context } = this.target(request, request.getTimeout());
    const inputs = valuesFromStruct(request.getProperties());
    const { id, outputs } = request.getPreview() ? await model.predict(inputs, undefined, context) : await model.create(inputs, context);
    const response = new pb.CreateResponse();
    // Only a real create gives an id; in a preview it stays unknown.
    response.setId(request.getPreview() ? '' : id);
    response.setProperties(structFromValues(withSecretOutputs(model, outputs)));
    return response;
  }

  private async read(request: pb.ReadRequest): Promise<pb.ReadResponse> {
    const { model, context } = this.target(request, request.getTimeout(), READ_RETRIES);
    const response = new pb.ReadResponse();
    const inputs = valuesFromStruct(request.getInputs());
    const outputs = valuesFromStruct(request.getProperties());
    const known = Object.keys(outputs).length > 0 || Object.keys(inputs).length > 0;
    try {
      const live = await model.read({ id: request.getId(), ...(known ? { oldInputs: inputs, oldOutputs: outputs } : {}) }, context);
      if (live === undefined) return response;
      response.setId(live.id);
      response.setInputs(structFromValues(live.inputs));
      response.setProperties(structFromValues(withSecretOutputs(model, live.outputs)));
    } catch (error) {
      if (!(error instanceof ConnectionError) || !known) throw error;
      // Nothing is known of what lives on a host that is down. Its own resource reports that; these keep what was last seen.
      if (!this.unreachable.has(error.host)) context.log('warning', `${error.message} What was last seen of the resources there is kept.`);
      this.unreachable.add(error.host);
      response.setId(request.getId());
      response.setInputs(structFromValues(inputs));
      response.setProperties(structFromValues(outputs));
    }
    return response;
  }

  private async update(request: pb.UpdateRequest): Promise<pb.UpdateResponse> {
    const { model, context } = this.target(request, request.getTimeout());
    const update = diffRequest(request);
    const old = { id: update.id, inputs: update.oldInputs, outputs: update.oldOutputs };
    const outputs = request.getPreview() ? (await model.predict(update.inputs, old, context)).outputs : await model.update(update, context);
    const response = new pb.UpdateResponse();
    response.setProperties(structFromValues(withSecretOutputs(model, outputs)));
    return response;
  }

  private async delete(request: pb.DeleteRequest): Promise<Empty> {
    const { model, context } = this.target(request, request.getTimeout());
    await model.delete(request.getId(), valuesFromStruct(request.getProperties()), valuesFromStruct(request.getOldInputs()), context);
    return new Empty();
  }

  private async invoke(request: pb.InvokeRequest): Promise<pb.InvokeResponse> {
    const model = functionOf(request.getTok());
    const args = withoutNulls(valuesFromStruct(request.getArgs()));
    const missing = model.required.filter((name) => args[name] === undefined);
    const failures = [
      ...checkShape(args, model.arguments),
      ...missing.map((name) => ({ path: [name], reason: 'is required' })),
      ...(model.check?.(args) ?? []),
    ];
    const response = new pb.InvokeResponse();
    response.setFailuresList(failures.map(checkFailure));
    if (failures.length > 0) return response;
    // Nothing is asked, and no action invoked, before it is known with what.
    const answer = containsUnknown(args)
      ? Object.fromEntries(model.answer.map((property) => [property, UNKNOWN]))
      : await model.call(args, this.operations.context({ urn: '' }));
    response.setReturn(structFromValues(answer));
    return response;
  }

  private async construct(request: pb.ConstructRequest): Promise<pb.ConstructResponse> {
    const constructed = await this.options.construct(request, this.options.log.engineAddress);
    if ('problems' in constructed) throw new InvalidArgumentsError(constructed.message, constructed.problems);
    const response = new pb.ConstructResponse();
    response.setUrn(constructed.urn);
    response.setState(Struct.fromJavaScript(constructed.state as Record<string, JavaScriptValue>));
    for (const [property, urns] of Object.entries(constructed.dependencies)) {
      const dependencies = new pb.ConstructResponse.PropertyDependencies();
      dependencies.setUrnsList(urns);
      response.getStatedependenciesMap().set(property, dependencies);
    }
    return response;
  }

  private cancel(): Empty {
    this.operations.cancel();
    return new Empty();
  }

  private target(
    request: { getUrn(): string },
    timeout?: number,
    maxRetries?: number,
  ): { model: ResourceModel; context: OperationContext } {
    const urn = request.getUrn();
    const options = { urn, ...(timeout === undefined ? {} : { timeout }), ...(maxRetries === undefined ? {} : { maxRetries }) };
    return { model: modelOf(typeOfUrn(urn)), context: this.operations.context(options) };
  }
}

function diffRequest(request: pb.DiffRequest | pb.UpdateRequest) {
  return {
    id: request.getId(),
    oldInputs: valuesFromStruct(request.getOldInputs()),
    oldOutputs: valuesFromStruct(request.getOlds()),
    inputs: valuesFromStruct(request.getNews()),
    // `parameters.x` and `parameters["x"]` leave all of `parameters` to the engine, which has put the old value back already.
    ignored: new Set(request.getIgnorechangesList().filter((path) => !/[.[]/.test(path))),
  };
}

function checkResponse(inputs: ValueMap, failures: readonly CheckFailure[]): pb.CheckResponse {
  const response = new pb.CheckResponse();
  response.setInputs(structFromValues(inputs));
  response.setFailuresList(failures.map(checkFailure));
  return response;
}

function checkFailure({ path, reason }: CheckFailure): pb.CheckFailure {
  const failure = new pb.CheckFailure();
  failure.setProperty(formatPropertyPath(path));
  failure.setReason(`${formatPropertyPath(path)} ${reason}`);
  return failure;
}

function withSecretOutputs(model: ResourceModel, outputs: ValueMap): ValueMap {
  return mapValues(outputs, (value, key) => (model.secretOutputs.includes(key) && !(value instanceof Secret) ? new Secret(value) : value));
}

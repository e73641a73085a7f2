import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentials, Server, ServerCredentials, type ServiceError } from '@grpc/grpc-js';
import { ResourceProviderClient, ResourceProviderService } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as pb from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { Secret, SourceFile, UNKNOWN, type ValueMap } from '../resources/values';
import { FakeOpenWhisk } from '../testing/fakeOpenWhisk';
import { EngineLog } from './engineLog';
import { structFromValues, valuesFromStruct } from './propertyValues';
import { ResourceProvider } from './resourceProvider';

const fake = new FakeOpenWhisk();
const schema = readFileSync(join(__dirname, '../../schema.json'), 'utf8');
const URN = (type: string, name = 'thing') => `urn:pulumi:dev::project::openwhisk:index:${type}::${name}`;
let server: Server;
let client: ResourceProviderClient;

beforeAll(async () => {
  const apiHost = await fake.listen();
  const construct = async () => ({
    message: 'The platform cannot be built from these arguments',
    problems: [{ propertyPath: 'apiPort', reason: 'is taken' }],
  });
  const provider = new ResourceProvider({ version: '1.2.3', schema: () => schema, log: new EngineLog(), construct });
  server = new Server();
  server.addService(ResourceProviderService, provider.service());
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
  const configure = new pb.ConfigureRequest();
  configure.setArgs(structFromValues({ apiHost, auth: new Secret('u:k'), namespace: 'guest', maxRetries: '0' }));
  await call<pb.ConfigureResponse>('configure', configure);
});
afterAll(async () => {
  client.close();
  server.forceShutdown();
  await fake.close();
});
beforeEach(() => {
  fake.entities.clear();
  fake.failures.length = 0;
});

function call<Response>(method: string, request: unknown): Promise<Response> {
  type Method = (request: unknown, callback: (error: ServiceError | null, response: Response) => void) => void;
  const methods = client as unknown as Record<string, Method>;
  return new Promise((resolve, reject) =>
    methods[method]!.call(client, request, (error, response) => (error ? reject(error) : resolve(response))),
  );
}

async function check(type: string, inputs: ValueMap, autonaming?: pb.CheckRequest.AutonamingOptions): Promise<pb.CheckResponse> {
  const request = new pb.CheckRequest();
  request.setUrn(URN(type));
  request.setNews(structFromValues(inputs));
  if (autonaming !== undefined) request.setAutonaming(autonaming);
  return call('check', request);
}

async function create(type: string, inputs: ValueMap, preview = false): Promise<pb.CreateResponse> {
  const request = new pb.CreateRequest();
  request.setUrn(URN(type));
  request.setProperties(structFromValues(inputs));
  request.setPreview(preview);
  return call('create', request);
}

it('tells its version, its schema and what it can do', async () => {
  const handshake = await call<pb.ProviderHandshakeResponse>('handshake', new pb.ProviderHandshakeRequest());
  expect(handshake.getAcceptSecrets()).toBe(true);
  expect((await call<{ getVersion(): string }>('getPluginInfo', new Empty())).getVersion()).toBe('1.2.3');
  expect((await call<pb.GetSchemaResponse>('getSchema', new pb.GetSchemaRequest())).getSchema()).toBe(schema);
});

it('reports failures at the path they are about', async () => {
  const response = await check('Action', { code: 'x', kind: 'nodejs:20', limits: { memory: 1.5 } });
  expect(response.getFailuresList().map((failure) => [failure.getProperty(), failure.getReason()])).toEqual([
    ['limits.memory', 'limits.memory must be a whole number of MB, at least 1'],
  ]);
});

it('follows the engine in naming', async () => {
  const autonaming = new pb.CheckRequest.AutonamingOptions();
  autonaming.setMode(pb.CheckRequest.AutonamingOptions.Mode.ENFORCE);
  autonaming.setProposedName('thing-1a2b');
  expect(valuesFromStruct((await check('Trigger', {}, autonaming)).getInputs()).name).toBe('thing-1a2b');
  expect(valuesFromStruct((await check('Trigger', {})).getInputs()).name).toBe('thing');
});

it('keeps provider keys secret whatever they came from', async () => {
  const request = new pb.CheckRequest();
  request.setUrn('urn:pulumi:dev::project::pulumi:providers:openwhisk::p');
  request.setNews(structFromValues({ apiHost: 'h', auth: 'a:b', adminKey: 'k' }));
  const inputs = valuesFromStruct((await call<pb.CheckResponse>('checkConfig', request)).getInputs());
  expect(inputs).toEqual({ apiHost: 'h', auth: new Secret('a:b'), adminKey: new Secret('k') });
});

it('creates for real, and in a preview only says what there would be', async () => {
  const inputs = { name: 'thing', namespace: 'guest', parameters: { p: new Secret('s') } };
  const preview = await create('Trigger', { ...inputs, annotations: { a: UNKNOWN } }, true);
  expect(preview.getId()).toBe('');
  expect(fake.entities.size).toBe(0);
  expect(valuesFromStruct(preview.getProperties())).toMatchObject({ fqn: '/guest/thing', annotations: { a: UNKNOWN } });
  const made = await create('Trigger', inputs);
  expect(made.getId()).toBe('guest/thing');
  expect(valuesFromStruct(made.getProperties())).toEqual({ ...inputs, fqn: '/guest/thing', version: '0.0.1' });
});

it('answers a diff in detail', async () => {
  const made = await create('Action', {
    name: 'thing',
    namespace: 'guest',
    kind: 'nodejs:20',
    code: 'one',
    codeHash: 'h1',
    codeFiles: { 'index.js': 'h1' },
  });
  const request = new pb.DiffRequest();
  request.setUrn(URN('Action'));
  request.setId('guest/thing');
  request.setOlds(made.getProperties());
  request.setOldInputs(
    structFromValues({
      name: 'thing',
      namespace: 'guest',
      kind: 'nodejs:20',
      code: 'one',
      codeHash: 'h1',
      codeFiles: { 'index.js': 'h1' },
    }),
  );
  request.setNews(
    structFromValues({
      name: 'other',
      namespace: 'guest',
      kind: 'nodejs:20',
      code: new SourceFile({ text: 'two' }),
      codeHash: 'h2',
      codeFiles: { 'index.js': 'h2' },
    }),
  );
  const response = await call<pb.DiffResponse>('diff', request);
  const details = response.getDetaileddiffMap().toArray() as unknown as [string, pb.PropertyDiff][];
  const kinds = details.map(([path]) => [path, response.getDetaileddiffMap().get(path)!.getKind()]);
  expect(Object.fromEntries(kinds)).toEqual({
    name: pb.PropertyDiff.Kind.UPDATE_REPLACE,
    code: pb.PropertyDiff.Kind.UPDATE,
    'codeFiles["index.js"]': pb.PropertyDiff.Kind.UPDATE,
  });
  expect(response.getReplacesList()).toEqual(['name']);
  expect(response.getDeletebeforereplace()).toBe(false);

  request.setNews(request.getOldInputs());
  const same = await call<pb.DiffResponse>('diff', request);
  expect(same.getChanges()).toBe(pb.DiffResponse.DiffChanges.DIFF_NONE);
  // The program may still ask for a replacement, and a name is free only after the old one is gone.
  expect(same.getDeletebeforereplace()).toBe(true);
});

it('answers errors with one sentence', async () => {
  fake.failures.push({ status: 401, error: 'The supplied authentication is invalid' });
  await expect(create('Trigger', { name: 'thing', namespace: 'guest' })).rejects.toMatchObject({
    details: 'The supplied authentication is invalid (PUT /api/v1/namespaces/guest/triggers/thing answered 401, transaction tid)',
  });
  await expect(create('Nothing', {})).rejects.toMatchObject({ details: /no resource of type "openwhisk:index:Nothing"/ });
});

it('hands over what is left behind by a create that failed half-way', async () => {
  const shift = fake.failures.shift.bind(fake.failures);
  let count = 0;
  fake.failures.shift = () => (count++ === 0 ? undefined : { status: 500, error: 'There was an internal server error.' });
  const error = await create('Rule', { name: 'thing', namespace: 'guest', trigger: 't', action: 'a', status: 'inactive' }).catch(
    (e: ServiceError) => e,
  );
  fake.failures.shift = shift;
  const details = (error as ServiceError).metadata.get('grpc-status-details-bin')[0] as Buffer;
  expect(details.toString('latin1')).toContain('pulumirpc.ErrorResourceInitFailed');
  expect(details.toString('latin1')).toContain('guest/thing');
});

it('keeps the last state of entities when the host is down, and says so on an import', async () => {
  fake.failures.push('drop-before', 'drop-before', 'drop-before', 'drop-before');
  const request = new pb.ReadRequest();
  request.setUrn(URN('Trigger'));
  request.setId('guest/thing');
  request.setInputs(structFromValues({ name: 'thing' }));
  request.setProperties(structFromValues({ name: 'thing', version: '0.0.4' }));
  const response = await call<pb.ReadResponse>('read', request);
  expect(valuesFromStruct(response.getProperties())).toEqual({ name: 'thing', version: '0.0.4' });

  fake.failures.push('drop-before', 'drop-before', 'drop-before', 'drop-before');
  const fresh = new pb.ReadRequest();
  fresh.setUrn(URN('Trigger'));
  fresh.setId('guest/thing');
  await expect(call('read', fresh)).rejects.toMatchObject({ details: expect.stringMatching(/^No connection to/) });
});

it('answers a read of what is gone without an id', async () => {
  fake.failures.length = 0;
  const request = new pb.ReadRequest();
  request.setUrn(URN('Trigger'));
  request.setId('guest/thing');
  expect((await call<pb.ReadResponse>('read', request)).getId()).toBe('');
});

describe('functions', () => {
  async function ask(name: string, args: ValueMap): Promise<pb.InvokeResponse> {
    const request = new pb.InvokeRequest();
    request.setTok(`openwhisk:index:${name}`);
    request.setArgs(structFromValues(args));
    return call<pb.InvokeResponse>('invoke', request);
  }
  const answer = async (name: string, args: ValueMap = {}) => valuesFromStruct((await ask(name, args)).getReturn());

  beforeEach(async () => {
    fake.failures.length = 0;
    fake.requests.length = 0;
    await create('Action', { name: 'thing', namespace: 'guest', package: 'p', kind: 'nodejs:default', code: 'x()', web: true });
    await create('Package', { name: 'p', namespace: 'guest', parameters: { shared: 's' } });
    await create('PackageBinding', { name: 'b', namespace: 'guest', package: 'p' });
  });

  it('read what exists, parameters as secrets', async () => {
    expect(await answer('getAction', { name: 'thing', package: 'p', withParameters: true })).toMatchObject({
      fqn: '/guest/p/thing',
      kind: 'nodejs:20',
      parameters: new Secret({ shared: 's' }),
      webUrl: expect.stringMatching(/\/api\/v1\/web\/guest\/p\/thing$/),
      limits: { memory: 256 },
    });
    expect(await answer('getAction', { name: 'thing', package: 'p' })).not.toHaveProperty('parameters');
    expect(await answer('getPackage', { name: 'b' })).toMatchObject({ fqn: '/guest/b', binding: '/guest/p', publish: false });
    expect(await answer('getNamespace')).toMatchObject({ name: 'guest', packages: ['/guest/b', '/guest/p'], firesPerMinute: 60 });
    await expect(ask('getAction', { name: 'nothing' })).rejects.toMatchObject({ details: expect.stringMatching(/There is no action/) });
  });

  it('invoke, and keep secrets secret', async () => {
    const args = { action: 'p/thing', parameters: { a: 1 } };
    expect(await answer('invoke', args)).toMatchObject({ result: { a: 1 }, activationId: expect.stringMatching(/^a+$/) });
    expect(await answer('invoke', { ...args, parameters: { a: new Secret(1) } })).toMatchObject({ result: new Secret({ a: 1 }) });
    expect(await answer('invoke', { ...args, wait: false })).toEqual({ activationId: 'a'.repeat(32) });
    fake.handlers.set('guest/p/thing', () => {
      throw new Error('no luck');
    });
    await expect(ask('invoke', args)).rejects.toMatchObject({ details: expect.stringMatching(/^The action "p\/thing" failed: no luck/) });
  });

  it('ask nothing before it is known what', async () => {
    fake.requests.length = 0;
    expect(await answer('invoke', { action: 'p/thing', parameters: { a: UNKNOWN } })).toMatchObject({ result: UNKNOWN });
    expect(fake.requests).toEqual([]);
  });

  it('refuse bad arguments at their paths', async () => {
    const failures = (await ask('getActivations', { limit: 500, nam: 'x' })).getFailuresList();
    expect(failures.map((failure) => failure.getProperty()).sort()).toEqual(['limit', 'nam']);
    expect((await ask('getAction', {})).getFailuresList()[0]!.getReason()).toBe('name is required');
    await expect(ask('getNothing', {})).rejects.toMatchObject({ details: expect.stringMatching(/no function/) });
  });
});

it('shows bad arguments of a component where they are', async () => {
  const error = (await call('construct', new pb.ConstructRequest()).catch((e: unknown) => e)) as ServiceError;
  expect(error.details).toBe('The platform cannot be built from these arguments');
  expect((error.metadata.get('grpc-status-details-bin')[0] as Buffer).toString('latin1')).toContain('apiPort');
});

it('says of calls it does not have that it has not got them', async () => {
  await expect(call('call', new pb.CallRequest())).rejects.toMatchObject({ code: 12 });
});

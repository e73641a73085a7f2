import { randomBytes } from 'node:crypto';
import * as pb from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { structFromValues, valuesFromStruct } from '../../../provider/src/plugin/propertyValues';
import { containsUnknown, revealDeep, type Value, type ValueMap, withSecretsOf } from '../../../provider/src/resources/values';
import type { KubernetesObject } from '../kubernetesApi';
import { checkedInputs, hideContent } from './checkedInputs';
import { ClusterObjects, NotReady, nameOf } from './clusterObjects';
import { InitFailed } from './initFailed';
import { isNamespaced, type Kind, kindOfUrn } from './kinds';
import { importedInputs, liveInputs, withTextsAsData } from './liveInputs';
import { objectDiff } from './objectDiff';

/** What the state holds beside the object itself. */
const MANAGER = '__fieldManager';
const INPUTS = '__inputs';
const API_VERSION = '__initialApiVersion';

/** What the engine asks of a provider for resources, over the objects of a cluster. No preview asks the cluster. */
export class Operations {
  private objects = new ClusterObjects({});

  configure(request: pb.ConfigureRequest): pb.ConfigureResponse {
    this.objects = new ClusterObjects(plain(valuesFromStruct(request.getArgs())));
    const response = new pb.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setSupportspreview(true);
    response.setSupportsAutonamingConfiguration(true);
    return response;
  }

  cancel(): Empty {
    this.objects.cancel();
    return new Empty();
  }

  check(request: pb.CheckRequest): pb.CheckResponse {
    const urn = request.getUrn();
    const before = valuesFromStruct(request.getOlds());
    const proposedName = request.getAutonaming()?.getProposedName();
    const { namespace } = this.objects;
    const inputs = checkedInputs(valuesFromStruct(request.getNews()), {
      kind: kindOfUrn(urn),
      logicalName: urn.split('::')[3]!,
      ...(proposedName ? { proposedName } : {}),
      seed: request.getRandomseed_asU8(),
      ...(Object.keys(before).length === 0 ? {} : { before }),
      ...(namespace === undefined ? {} : { namespace }),
    });
    const response = new pb.CheckResponse();
    response.setInputs(structFromValues(inputs));
    return response;
  }

  diff(request: pb.DiffRequest): pb.DiffResponse {
    const kind = kindOfUrn(request.getUrn());
    const diff = objectDiff(kind, valuesFromStruct(request.getOldInputs()), valuesFromStruct(request.getNews()));
    const response = new pb.DiffResponse();
    response.setDiffsList([...new Set([...diff.properties.keys()].map((path) => path.split(/[.[]/)[0]!))]);
    response.setReplacesList([...diff.replaces]);
    response.setDeletebeforereplace(diff.deleteBeforeReplace);
    for (const [path, property] of diff.properties) response.getDetaileddiffMap().set(path, property);
    response.setHasdetaileddiff(true);
    response.setChanges(diff.properties.size > 0 ? pb.DiffResponse.DiffChanges.DIFF_SOME : pb.DiffResponse.DiffChanges.DIFF_NONE);
    return response;
  }

  async create(request: pb.CreateRequest): Promise<pb.CreateResponse> {
    const inputs = valuesFromStruct(request.getProperties());
    const response = new pb.CreateResponse();
    if (request.getPreview() || containsUnknown(inputs)) {
      response.setProperties(request.getProperties());
      return response;
    }
    const kind = kindOfUrn(request.getUrn());
    const manager = `pulumi-kubernetes-${randomBytes(4).toString('hex')}`;
    const object = applicable(inputs, kind);
    const id = idOf(object, kind);
    const outputs = await noted({ id, inputs, manager, kind }, () =>
      this.objects.create({ kind, object, manager, timeout: request.getTimeout() * 1000 }),
    );
    response.setId(id);
    response.setProperties(structFromValues(outputs));
    return response;
  }

  async update(request: pb.UpdateRequest): Promise<pb.UpdateResponse> {
    const inputs = valuesFromStruct(request.getNews());
    const before = valuesFromStruct(request.getOlds());
    const response = new pb.UpdateResponse();
    if (request.getPreview() || containsUnknown(inputs)) {
      response.setProperties(structFromValues({ ...before, ...inputs }));
      return response;
    }
    const kind = kindOfUrn(request.getUrn());
    const manager = managerOf(before);
    const outputs = await noted({ id: request.getId(), inputs, manager, kind }, () =>
      this.objects.update({ kind, object: applicable(inputs, kind), manager, timeout: request.getTimeout() * 1000 }),
    );
    response.setProperties(structFromValues(outputs));
    return response;
  }

  async read(request: pb.ReadRequest): Promise<pb.ReadResponse> {
    const kind = kindOfUrn(request.getUrn());
    const id = request.getId();
    const before = valuesFromStruct(request.getInputs());
    const response = new pb.ReadResponse();
    const live = await this.objects.find({ kind, name: nameOfId(id, this.objects.namespace) });
    if (live === undefined) return response;
    const known = Object.keys(before).length > 0;
    const seen = { ...(live as ValueMap), ...kind };
    const inputs = hideContent(known ? liveInputs(before, seen, kind) : importedInputs(withoutNoise(seen)), kind);
    const manager = managerOf(valuesFromStruct(request.getProperties()));
    const outputs = outputsOf({ inputs, manager, kind }, live);
    const lacks = known ? await this.objects.lacks(kind, live) : [];
    if (lacks.length > 0) throw new InitFailed(`${id} was read, but does not work: ${lacks.join('; ')}`, lacks, { id, inputs, outputs });
    response.setId(id);
    response.setInputs(structFromValues(inputs));
    response.setProperties(structFromValues(outputs));
    return response;
  }

  async delete(request: pb.DeleteRequest): Promise<Empty> {
    const kind = kindOfUrn(request.getUrn());
    const { metadata } = plain(valuesFromStruct(request.getProperties())) as KubernetesObject;
    const object = { metadata: { ...metadata, ...nameOfId(request.getId(), this.objects.namespace) } };
    await this.objects.delete(kind, object, request.getTimeout() * 1000);
    return new Empty();
  }
}

interface Noted {
  inputs: ValueMap;
  manager: string;
  kind: Kind;
}

/** What the state says of an object after it was made or changed; also when it does not work. */
async function noted(of: Noted & { id: string }, work: () => Promise<KubernetesObject>): Promise<ValueMap> {
  try {
    return outputsOf(of, await work());
  } catch (error) {
    if (!(error instanceof NotReady)) throw error;
    throw new InitFailed(error.message, error.reasons, { id: of.id, inputs: of.inputs, outputs: outputsOf(of, error.object) });
  }
}

function outputsOf({ inputs, manager, kind }: Noted, live: KubernetesObject): ValueMap {
  const values = hideContent(withSecretsOf(inputs, withoutNoise(live as ValueMap)) as ValueMap, kind);
  return { ...values, [INPUTS]: inputs, [API_VERSION]: kind.apiVersion, [MANAGER]: manager };
}

/** Who set which field says nothing to a reader of the state. */
function withoutNoise(live: ValueMap): ValueMap {
  const { managedFields: _, ...metadata } = live.metadata as ValueMap;
  return { ...live, metadata };
}

function managerOf(outputs: ValueMap): string {
  const known = outputs[MANAGER];
  return typeof known === 'string' ? known : `pulumi-kubernetes-${randomBytes(4).toString('hex')}`;
}

function applicable(inputs: ValueMap, kind: Kind): KubernetesObject {
  return withTextsAsData(plain(inputs), kind) as KubernetesObject;
}

function idOf(object: KubernetesObject, kind: Kind): string {
  const { namespace, name } = nameOf(object);
  return isNamespaced(kind) ? `${namespace}/${name}` : name;
}

function nameOfId(id: string, namespace = 'default'): { namespace: string; name: string } {
  const [first, second] = id.split('/');
  return second === undefined ? { namespace, name: first! } : { namespace: first!, name: second };
}

const plain = (values: ValueMap) => revealDeep(values as Value) as Record<string, unknown>;

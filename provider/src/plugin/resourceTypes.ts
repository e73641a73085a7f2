import { actionModel } from '../resources/action';
import { namespaceModel } from '../resources/namespace';
import { packageModel } from '../resources/package';
import { packageBindingModel } from '../resources/packageBinding';
import type { ResourceModel } from '../resources/resourceModel';
import { ruleModel } from '../resources/rule';
import { sequenceModel } from '../resources/sequence';
import { triggerModel } from '../resources/trigger';
import { certificateModel } from '../targets/certificate';
import { dataVolumesModel } from '../targets/dataVolumes';
import { containerHealthModel } from '../targets/docker/containerHealth';
import { engineCheckModel } from '../targets/docker/engineCheck';
import { healthActionModel } from '../targets/docker/healthAction';
import { clusterHealthActionModel } from '../targets/kubernetes/healthAction';
import { generatedSecretModel } from '../targets/local/generatedSecret';
import { serviceModel } from '../targets/local/service';

/** Every custom resource this plugin serves, by type token. */
const MODELS: Readonly<Record<string, ResourceModel>> = {
  'openwhisk:index:Namespace': namespaceModel,
  'openwhisk:index:Package': packageModel,
  'openwhisk:index:PackageBinding': packageBindingModel,
  'openwhisk:index:Action': actionModel,
  'openwhisk:index:Sequence': sequenceModel,
  'openwhisk:index:Trigger': triggerModel,
  'openwhisk:index:Rule': ruleModel,
  'openwhisk:local:Service': serviceModel,
  'openwhisk:local:GeneratedSecret': generatedSecretModel,
  'openwhisk:docker:Certificate': certificateModel,
  'openwhisk:docker:ContainerHealth': containerHealthModel,
  'openwhisk:docker:DataVolumes': dataVolumesModel,
  'openwhisk:docker:EngineCheck': engineCheckModel,
  'openwhisk:docker:HealthAction': healthActionModel,
  'openwhisk:kubernetes:Certificate': certificateModel,
  'openwhisk:kubernetes:DataVolumes': dataVolumesModel,
  'openwhisk:kubernetes:HealthAction': clusterHealthActionModel,
};

export function modelOf(type: string): ResourceModel {
  const model = Object.hasOwn(MODELS, type) ? MODELS[type] : undefined;
  if (model === undefined) throw new Error(`This version of the openwhisk provider has no resource of type "${type}".`);
  return model;
}

/** The resource type a URN ends in; of a nested one, the innermost. */
export function typeOfUrn(urn: string): string {
  return urn.split('::')[2]!.split('$').pop()!;
}

export function nameOfUrn(urn: string): string {
  return urn.split('::').slice(3).join('::');
}

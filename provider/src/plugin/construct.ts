import * as pulumi from '@pulumi/pulumi';
import type { ConstructRequest } from '@pulumi/pulumi/proto/provider_pb';
import { setAllConfig } from '@pulumi/pulumi/runtime/config';
import { serializeResourceProperties } from '@pulumi/pulumi/runtime/rpc';
import { resetOptions } from '@pulumi/pulumi/runtime/settings';
import { Platform, platformArgsOf } from '../components/platform';
import type { Constructed } from './constructed';
import {
  awaitFeatureSupport,
  DependencyProviderResource,
  deserializeInputs,
  promiseOf,
  waitForRPCs,
  withLocalStorage,
} from './sdkInternals';

/**
 * Builds a component: runs its constructor against the engine's resource monitor, as the SDK's own provider server does. Lives
 * in a bundle of its own with the whole SDK behind it, which is loaded with the first component; only plain data passes between.
 */
export async function construct(request: ConstructRequest, engineAddress: string | undefined, version: string): Promise<Constructed> {
  if (engineAddress === undefined) throw new Error('A component can only be built for an engine that has told its address.');
  // Several components may be built at once; each has a run of its own.
  return withLocalStorage(async () => {
    try {
      return await build(request, engineAddress, version);
    } catch (error) {
      if (pulumi.InputPropertiesError.isInstance(error)) return { message: error.message, problems: error.errors ?? [] };
      throw error;
    }
  });
}

async function build(request: ConstructRequest, engineAddress: string, version: string): Promise<Constructed> {
  resetOptions(
    request.getProject(),
    request.getStack(),
    request.getParallel(),
    engineAddress,
    request.getMonitorendpoint(),
    request.getDryrun(),
    request.getOrganization(),
  );
  await awaitFeatureSupport();
  setAllConfig(Object.fromEntries(request.getConfigMap().toArray() as [string, string][]), request.getConfigsecretkeysList());
  const type = request.getType();
  if (type !== 'openwhisk:index:Platform') throw new Error(`This version of the openwhisk provider has no component of type "${type}".`);
  const inputs = await deserializeInputs(request.getInputs()!, request.getInputdependenciesMap());
  const platform = new Platform(request.getName(), await platformArgsOf(inputs), optionsOf(request), version);
  const [state, resources] = await serializeResourceProperties(`construct(${type}, ${request.getName()})`, platform.state());
  const dependencies: Record<string, string[]> = {};
  for (const [property, origins] of resources) dependencies[property] = await Promise.all([...origins].map(({ urn }) => promiseOf(urn)));
  const urn = await promiseOf(platform.urn);
  await waitForRPCs();
  return { urn, state, dependencies };
}

function optionsOf(request: ConstructRequest): pulumi.ComponentResourceOptions {
  const references = request.getProvidersMap().toArray() as [string, string][];
  const parent = request.getParent();
  const timeouts = request.getCustomtimeouts()?.toObject();
  return {
    ...(parent === '' ? {} : { parent: new pulumi.DependencyResource(parent) }),
    dependsOn: request.getDependenciesList().map((urn) => new pulumi.DependencyResource(urn)),
    providers: Object.fromEntries(references.map(([name, reference]) => [name, new DependencyProviderResource(reference)])),
    aliases: request.getAliasesList().flatMap((alias) => (alias.hasUrn() ? [alias.getUrn()] : [])),
    ...(request.hasProtect() ? { protect: request.getProtect() ?? false } : {}),
    ...(request.hasRetainondelete() ? { retainOnDelete: request.getRetainondelete() ?? false } : {}),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    ...(timeouts === undefined ? {} : { customTimeouts: timeouts }),
  };
}

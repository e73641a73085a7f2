import { type GetRequiredPackagesRequest, GetRequiredPackagesResponse } from '@pulumi/pulumi/proto/language_pb';
import { PackageDependency, PackageParameterization } from '@pulumi/pulumi/proto/plugin_pb';
import { dependencyDirectory, type PackageManifest, packageDirectory, readManifest } from './packageManifest';

/** A resource plugin that a program's dependencies need. */
export interface RequiredPackage {
  readonly name: string;
  /** With a leading v, as the engine writes it; empty: any version. */
  readonly version: string;
  /** Where the plugin is downloaded from; empty: Pulumi's own place. */
  readonly server: string;
  readonly parameterization?: { readonly name: string; readonly version: string; readonly value: string };
}

/** More packages than any real program has: a bound, so that a broken tree of links can't hold the engine up. */
const MAX_PACKAGES = 20_000;

function toRequiredPackage(manifest: PackageManifest): RequiredPackage | undefined {
  const { pulumi } = manifest;
  if (pulumi?.resource !== true) return undefined;
  const name = pulumi.name ?? manifest.name?.replace(/^@pulumi\//, '').replace(/^pulumi-/, '');
  if (name === undefined) return undefined;
  const version = (pulumi.version ?? manifest.version ?? '').replace(/^v/, '');
  return {
    name,
    version: version === '' ? '' : `v${version}`,
    server: pulumi.server ?? '',
    ...(pulumi.parameterization === undefined ? {} : { parameterization: pulumi.parameterization }),
  };
}

/**
 * The resource plugins behind a program, found by following its dependencies the way node does. Walking the declared dependencies and
 * not every folder of node_modules keeps packages of the neighbours in a workspace out.
 */
export function requiredPackages(programDirectory: string): RequiredPackage[] {
  const start = packageDirectory(programDirectory);
  if (start === undefined) return [];
  const found = new Map<string, RequiredPackage>();
  const visited = new Set<string>([start]);
  const queue = [start];
  for (let directory = queue.shift(); directory !== undefined && visited.size < MAX_PACKAGES; directory = queue.shift()) {
    const manifest = readManifest(directory);
    if (manifest === undefined) continue;
    const required = toRequiredPackage(manifest);
    if (required !== undefined) found.set(`${required.name}@${required.version}`, required);
    // Development dependencies of other packages are not installed, those of the program are.
    const dependencies = { ...manifest.dependencies, ...(directory === start ? manifest.devDependencies : {}) };
    for (const name of Object.keys(dependencies)) {
      const dependency = dependencyDirectory(directory, name);
      if (dependency === undefined || visited.has(dependency)) continue;
      visited.add(dependency);
      queue.push(dependency);
    }
  }
  return [...found.values()];
}

function toDependency(required: RequiredPackage): PackageDependency {
  const dependency = new PackageDependency();
  dependency.setKind('resource');
  dependency.setName(required.name);
  dependency.setVersion(required.version);
  dependency.setServer(required.server);
  if (required.parameterization !== undefined) {
    // The manifest names the base plugin under "parameterization", and the package it becomes at the top.
    const parameterization = new PackageParameterization();
    parameterization.setName(required.name);
    parameterization.setVersion(required.version.replace(/^v/, ''));
    parameterization.setValue(required.parameterization.value);
    dependency.setName(required.parameterization.name);
    dependency.setVersion(`v${required.parameterization.version.replace(/^v/, '')}`);
    dependency.setParameterization(parameterization);
  }
  return dependency;
}

export async function getRequiredPackages(request: GetRequiredPackagesRequest): Promise<GetRequiredPackagesResponse> {
  const response = new GetRequiredPackagesResponse();
  const directory = request.getInfo()?.getProgramDirectory();
  response.setPackagesList(directory === undefined ? [] : requiredPackages(directory).map(toDependency));
  return response;
}

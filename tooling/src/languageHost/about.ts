import {
  AboutResponse,
  DependencyInfo,
  type GetProgramDependenciesRequest,
  GetProgramDependenciesResponse,
} from '@pulumi/pulumi/proto/language_pb';
import { dependencyDirectory, packageDirectory, readManifest } from './packageManifest';

/** What `pulumi about` says of the runtime. */
export async function about(): Promise<AboutResponse> {
  const response = new AboutResponse();
  response.setExecutable(process.execPath);
  response.setVersion(process.version);
  return response;
}

/** The direct dependencies of a program with the versions that are installed, or the declared range when one is not. */
export async function getProgramDependencies(request: GetProgramDependenciesRequest): Promise<GetProgramDependenciesResponse> {
  const response = new GetProgramDependenciesResponse();
  const directory = packageDirectory(request.getInfo()?.getProgramDirectory() || request.getPwd());
  const manifest = directory === undefined ? undefined : readManifest(directory);
  if (directory === undefined || manifest === undefined) return response;
  for (const [name, range] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    const installed = dependencyDirectory(directory, name);
    const info = new DependencyInfo();
    info.setName(name);
    info.setVersion((installed === undefined ? undefined : readManifest(installed)?.version) ?? range);
    response.addDependencies(info);
  }
  return response;
}

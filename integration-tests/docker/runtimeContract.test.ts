import { nodejs } from '../invoker/languages';
import { languageDetails, runtimeContract } from '../invoker/runtimeContract';
import { DockerContainers } from './dockerContainers';

runtimeContract(new DockerContainers());
languageDetails(new DockerContainers());
// another line of a language that is here already
runtimeContract(new DockerContainers(), [{ ...nodejs, kind: 'nodejs:22' }]);

import { languageDetails, runtimeContract } from '../invoker/runtimeContract';
import { DockerContainers } from './dockerContainers';

runtimeContract(new DockerContainers());
languageDetails(new DockerContainers());

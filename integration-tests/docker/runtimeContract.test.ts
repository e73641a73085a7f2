import { runtimeContract } from '../invoker/runtimeContract';
import { DockerContainers } from './dockerContainers';

runtimeContract(new DockerContainers());

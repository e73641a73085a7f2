import { nodejs, python } from '../invoker/languages';
import { runtimeContract } from '../invoker/runtimeContract';
import { PodContainers } from './podContainers';

// how many files and processes a container may have is a setting of nodes
runtimeContract(new PodContainers(), [nodejs, python], { mergedOutput: true, anyOpenFiles: true });

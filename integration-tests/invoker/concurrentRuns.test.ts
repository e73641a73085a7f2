import { concurrentRuns } from './concurrentRuns';

concurrentRuns({ OPENWHISK_CONTAINERS: 'process' });

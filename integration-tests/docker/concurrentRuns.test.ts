import { concurrentRuns } from '../invoker/concurrentRuns';

concurrentRuns({ OPENWHISK_CONTAINERS: 'docker' });

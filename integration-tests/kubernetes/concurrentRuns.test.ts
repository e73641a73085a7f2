import { concurrentRuns } from '../invoker/concurrentRuns';
import { podSettings } from './podPlatform';

concurrentRuns(podSettings());

import { runtimeContract } from './runtimeContract';
import { RuntimeProcesses } from './runtimeProcess';

runtimeContract(new RuntimeProcesses());

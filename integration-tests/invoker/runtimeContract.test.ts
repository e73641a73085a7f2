import { languageDetails, runtimeContract } from './runtimeContract';
import { RuntimeProcesses } from './runtimeProcess';

runtimeContract(new RuntimeProcesses());
languageDetails(new RuntimeProcesses());

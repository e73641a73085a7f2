import { resolve } from 'node:path';
import { type RunRequest, RunResponse } from '@pulumi/pulumi/proto/language_pb';
import { runChild } from './childProcesses';
import { programEnvironment, programOptions } from './programOptions';
import { resolvePulumiSdk } from './pulumiSdk';

/** The SDK's runner ends with this code when it has already told the user what is wrong. */
const EXIT_ALREADY_REPORTED = 32;

/** Arguments of the SDK's runner for one request, in its order: flags, the program, the program's own arguments. */
export function runnerArguments(request: RunRequest, engineAddress: string): string[] {
  const info = request.getInfo();
  const programDirectory = info?.getProgramDirectory() || request.getPwd();
  const flags: [string, string | number][] = [
    ['monitor', request.getMonitorAddress()],
    ['engine', engineAddress],
    ['organization', request.getOrganization()],
    ['project', request.getProject()],
    ['root-directory', info?.getRootDirectory() ?? ''],
    ['stack', request.getStack()],
    ['pwd', request.getPwd()],
    ['parallel', request.getParallel()],
  ];
  return [
    ...flags.flatMap(([name, value]) => (value === '' || value === 0 ? [] : [`--${name}`, String(value)])),
    ...(request.getDryrun() ? ['--dry-run'] : []),
    resolve(programDirectory, info?.getEntryPoint() || '.'),
    ...request.getArgsList(),
  ];
}

/** Configuration travels in the environment, never in arguments: arguments can be read by every user of the machine. */
function configurationEnvironment(request: RunRequest): NodeJS.ProcessEnv {
  return {
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().entries())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
  };
}

/** Runs a program to its end. Its output goes where this host's goes: the engine shows it. */
export async function run(request: RunRequest, engineAddress: string, signal: AbortSignal): Promise<RunResponse> {
  const info = request.getInfo();
  const options = programOptions(info);
  const runner = resolvePulumiSdk(info?.getProgramDirectory() || request.getPwd(), 'cmd/run');
  const exit = await runChild(
    process.execPath,
    [...options.nodeArgs, runner, ...runnerArguments(request, engineAddress)],
    {
      cwd: request.getPwd(),
      env: { ...programEnvironment(options), ...configurationEnvironment(request) },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
    signal,
  );
  const response = new RunResponse();
  if (exit.code === EXIT_ALREADY_REPORTED) response.setBail(true);
  else if (exit.code === null) response.setError(`The program was ended by ${exit.signal}.`);
  else if (exit.code !== 0) response.setError(`The program exited with code ${exit.code}.`);
  return response;
}

import { resolve } from 'node:path';
import { type RunPluginRequest, RunPluginResponse } from '@pulumi/pulumi/proto/language_pb';
import { runChild } from './childProcesses';
import { programEnvironment, programOptions } from './programOptions';
import { resolvePulumiSdk } from './pulumiSdk';

function pluginEnvironment(pairs: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

/** Runs a plugin that is itself a nodejs program, handing its output on and its exit code last. */
export async function runPlugin(
  request: RunPluginRequest,
  write: (message: RunPluginResponse) => void,
  signal: AbortSignal,
): Promise<void> {
  const info = request.getInfo();
  const options = programOptions(info);
  const directory = info?.getProgramDirectory() || request.getPwd();
  const runner = resolvePulumiSdk(directory, 'cmd/run-plugin');
  const exit = await runChild(
    process.execPath,
    [...options.nodeArgs, runner, resolve(directory, info?.getEntryPoint() || '.'), ...request.getArgsList()],
    {
      cwd: request.getPwd(),
      env: programEnvironment(options, { ...process.env, ...pluginEnvironment(request.getEnvList()) }),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
    signal,
    (child) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        const message = new RunPluginResponse();
        message.setStdout(chunk);
        write(message);
      });
      child.stderr?.on('data', (chunk: Buffer) => {
        const message = new RunPluginResponse();
        message.setStderr(chunk);
        write(message);
      });
    },
  );
  const last = new RunPluginResponse();
  last.setExitcode(exit.code ?? 1);
  write(last);
}

import { type InstallDependenciesRequest, InstallDependenciesResponse } from '@pulumi/pulumi/proto/language_pb';
import { runChild } from './childProcesses';
import { LanguageHostError } from './rpc';

/** Runs `npm install` for a program or a plugin and hands on what it prints. */
export async function installDependencies(
  request: InstallDependenciesRequest,
  write: (message: InstallDependenciesResponse) => void,
  signal: AbortSignal,
): Promise<void> {
  const directory = request.getInfo()?.getProgramDirectory() || request.getDirectory();
  // A plugin is only run, so what it needs for its own development stays away.
  const args = ['install', '--no-audit', '--no-fund', ...(request.getIsPlugin() ? ['--omit=dev'] : [])];
  const exit = await runChild('npm', args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] }, signal, (child) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      const message = new InstallDependenciesResponse();
      message.setStdout(chunk);
      write(message);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      const message = new InstallDependenciesResponse();
      message.setStderr(chunk);
      write(message);
    });
  });
  if (exit.code !== 0) throw new LanguageHostError(`"npm ${args.join(' ')}" in ${directory} ended with ${exit.code ?? exit.signal}.`);
}

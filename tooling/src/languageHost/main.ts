import { serveLanguageHost } from './server';

/** How often the host looks whether the engine that started it is still there, in milliseconds. */
const ENGINE_CHECK_MS = 2_000;

/** Entry of `pulumi-language-nodejs [flags] ENGINE_ADDRESS`: prints the port it serves on and runs until the engine ends it. */
async function main(): Promise<void> {
  const engineAddress = process.argv.slice(2).findLast((argument) => !argument.startsWith('-')) ?? '';
  const host = await serveLanguageHost(engineAddress, process.env.OPENWHISK_PULUMI_VERSION ?? '3.0.0');
  process.stdout.write(`${host.port}\n`);

  const stop = () => {
    host.stop();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // An engine that was killed can't end its plugins: the new parent process tells that it is gone.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stop();
  }, ENGINE_CHECK_MS).unref();
}

main().catch((error: unknown) => {
  process.stderr.write(`The nodejs language host could not start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});

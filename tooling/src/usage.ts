/** What each command takes, for `npm run X -- --help`. A command that is not listed passes its arguments on to a program with help of its own. */
const USAGES: Readonly<Record<string, readonly [synopsis: string, description: string]>> = {
  adopt: [
    '--out DIR [--host URL] [--auth UUID:KEY] [--namespace NS] [--ca FILE | --insecure] [--stack NAME] | --out DIR --manifest FILE [--deployment FILE] [--stack NAME]',
    'Writes a Pulumi program for what a namespace holds, with a file for "pulumi import", or for a wskdeploy manifest. Host and key are taken from WHISK_APIHOST and WHISK_AUTH or ~/.wskprops too; --ca trusts the authority in a file; with --stack it is imported at once.',
  ],
  down: ['[--stack NAME]', 'Removes everything of a stack.'],
  drift: [
    '[--stack NAME] [--project DIR]',
    'Lists what is not as the last update left it. Exit code: 0 no drift, 2 drift, 1 it could not be told.',
  ],
  images: [
    '--registry PLACE [--kinds KIND,KIND] [--push]',
    'Builds the images that a platform in a Kubernetes cluster runs and prints their names; --push puts them into the registry.',
  ],
  info: ['[--stack NAME] [--json]', 'API host and key of a running stack, and its authority when it has one of its own.'],
  preview: ['[--stack NAME] [options of "pulumi preview"]', 'What "npm run up" would change.'],
  'preview:comment': [
    '[--stack NAME] [--out FILE] [--base COMMIT] [--from FILE] [--project DIR] [--no-live]',
    'What "npm run up" would change, as a comment in Markdown. Exit code: 0 nothing, 2 changes, 3 something is deleted or replaced, 1 the preview failed.',
  ],
  promote: [
    '--from NAME --to NAME',
    'Brings a stack to what another one runs: refuses when the other does not run exactly the program that is checked out.',
  ],
  refresh: ['[--stack NAME] [options of "pulumi refresh"]', 'Takes over into the state what is really there.'],
  up: ['[--stack NAME] [--quiet]', 'Stands a platform up with the example on it; quietly, it shows no key.'],
};

/** The help of a command; undefined when it was not asked for, or when the command has none of its own. */
export function helpFor(command: string, args: readonly string[]): string | undefined {
  const usage = Object.hasOwn(USAGES, command) ? USAGES[command] : undefined;
  if (usage === undefined || !args.some((argument) => argument === '--help' || argument === '-h')) return undefined;
  return `npm run ${command} -- ${usage[0]}\n\n${usage[1]}\n`;
}

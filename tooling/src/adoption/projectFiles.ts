import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { stringify } from 'yaml';
import { paths } from '../repository';
import { UserError } from '../userError';
import { type Adoption, idOf } from './adoptedEntity';
import { type ProgramResource, programText } from './program';
import type { SecretValue } from './secretValues';

/** The version of the SDK that generated programs name. */
const PULUMI_VERSION = '3.248.0';

/** The file that `pulumi import --file` takes. */
export const IMPORT_FILE = 'import.json';

/** @throws UserError when something is in the folder already: what is there may be somebody's work */
export function refuseFilledFolder(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new UserError(`${folder} is not empty: name a folder that is new, so that nothing is overwritten.`);
  }
}

/** Writes the project: the program, its code, its settings, and for a live namespace the file for the import. */
export function writeProject(
  folder: string,
  adoption: Adoption,
  resources: readonly ProgramResource[],
  secrets: readonly SecretValue[],
  settings: ReadonlySet<string>,
): void {
  const write = (name: string, content: string | Buffer): void => {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  write('index.ts', programText(adoption, resources, settings));
  write('Pulumi.yaml', stringify(projectSettings(adoption), { lineWidth: 0 }));
  write('package.json', `${JSON.stringify(packageManifest(adoption, folder), null, 2)}\n`);
  write('tsconfig.json', `${JSON.stringify(COMPILER, null, 2)}\n`);
  write('.gitignore', 'node_modules/\n');
  if (adoption.host !== undefined) write(IMPORT_FILE, `${JSON.stringify({ resources: resources.map(importOf) }, null, 2)}\n`);
  write('README.md', readme(adoption, secrets, settings));
  for (const { entity, codePath } of resources) {
    if (entity.code === undefined || codePath === undefined) continue;
    if (entity.code.form === 'folder') for (const [name, content] of entity.code.files) write(`${codePath}/${name}`, content);
    else if (entity.code.form !== 'remote') write(codePath, entity.code.content);
  }
}

function importOf({ entity, logicalName }: ProgramResource): { type: string; name: string; id: string } {
  return { type: `openwhisk:index:${entity.type}`, name: logicalName, id: idOf(entity.place) };
}

function projectSettings({ projectName, origin, host }: Adoption): Record<string, unknown> {
  const settings = {
    name: projectName,
    description: `Adopted from ${origin}`,
    runtime: { name: 'nodejs', options: { typescript: true } },
  };
  if (host === undefined) return settings;
  return { ...settings, config: Object.fromEntries(Object.entries(host).map(([key, value]) => [`openwhisk:${key}`, { value }])) };
}

function packageManifest({ projectName }: Adoption, folder: string): Record<string, unknown> {
  const name = projectName
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .replace(/^-+/, '');
  return {
    name: name === '' ? 'adopted' : name,
    version: '0.1.0',
    private: true,
    main: 'index.ts',
    dependencies: {
      '@pulumi/pulumi': PULUMI_VERSION,
      'pulumi-openwhisk': `file:${relative(folder, paths.nodejsSdk).split(sep).join('/')}`,
    },
    devDependencies: { '@types/node': '^20', typescript: '^5' },
  };
}

const COMPILER = {
  compilerOptions: {
    target: 'ES2022',
    module: 'commonjs',
    moduleResolution: 'node',
    strict: true,
    esModuleInterop: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
  },
  files: ['index.ts'],
};

/** What to do with the project, and what it does not hold. */
function readme({ projectName, origin, host, warnings }: Adoption, secrets: readonly SecretValue[], settings: ReadonlySet<string>): string {
  const secretSteps = secrets.map(({ key }) => `pulumi config set --secret ${key}`);
  const lines = [
    `# ${projectName}`,
    '',
    `A Pulumi program for ${origin}. \`index.ts\` declares every entity, code of actions is in \`actions/\` and \`packages/\`.`,
    '',
    'From a clone of openwhisk-as-code, `npm run pulumi -- -C <this folder> ...` stands for `pulumi ...`: it has the provider and needs no login.',
    '',
    '```sh',
    'npm install                                        # the SDK',
    'pulumi stack init dev',
    ...(host === undefined ? [] : ['pulumi config set --secret openwhisk:auth          # the key of the namespace, uuid:key']),
    ...secretSteps,
    ...(host === undefined
      ? ['pulumi up                                          # WHISK_APIHOST and WHISK_AUTH, or ~/.wskprops, say where']
      : [
          `pulumi import --file ${IMPORT_FILE} --generate-code=false --protect=false`,
          'pulumi preview --expect-no-changes                 # what is there is what the program says',
          'pulumi up && pulumi refresh                        # notes in the state which values are secrets',
        ]),
    '```',
    ...(secrets.length === 0
      ? []
      : [
          '',
          '## Secrets',
          '',
          'These values looked like secrets, so they are not in the program: it reads them from the configuration of the stack.',
          '',
          '| key | was |',
          '| --- | --- |',
          ...secrets.map(({ key, place }) => `| \`${key}\` | ${place.replace(/\|/g, '\\|')} |`),
        ]),
    ...(settings.size === 0
      ? []
      : [
          '',
          '## Settings',
          '',
          'The manifest took these from the environment. They are taken from the configuration of the stack, else from the environment:',
          '',
          ...[...settings].sort().map((name) => `- \`${name}\``),
        ]),
    ...(warnings.length === 0 ? [] : ['', '## Not taken over', '', ...warnings.map((warning) => `- ${warning}`)]),
    '',
  ];
  return lines.join('\n');
}

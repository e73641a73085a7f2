import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { mustRun } from '../command';
import { refuseUnknown } from '../options';
import { say, step } from '../progress';
import { acquireSdkGenerator } from '../pulumiCli/sdkGenerator';
import { paths, repositoryRoot } from '../repository';
import { UserError } from '../userError';

/** One language of the SDK: a folder below provider/sdk. */
interface SdkLanguage {
  readonly name: 'nodejs' | 'python' | 'go' | 'dotnet' | 'java';
  /** Inside the SDK: made from it and not committed, or written by hand. Neither generated nor compared. */
  readonly ours: readonly string[];
  /** What Pulumi's generator leaves to a publisher. */
  complete?(folder: string): void;
}

const LANGUAGES: readonly SdkLanguage[] = [
  {
    name: 'nodejs',
    ours: ['node_modules', 'bin', 'overlay'],
    complete: (folder) => {
      addEntryPoint(join(folder, 'package.json'));
      addOverlay(folder);
    },
  },
  {
    name: 'python',
    ours: ['build', 'dist', '.venv'],
    complete: (folder) => {
      // Its pyproject.toml names one beside itself, without which it can't be installed.
      copyFileSync(join(folder, 'pulumi_openwhisk', 'README.md'), join(folder, 'README.md'));
    },
  },
  { name: 'go', ours: ['go.mod', 'go.sum'] },
  { name: 'dotnet', ours: ['bin', 'obj'] },
  { name: 'java', ours: ['build', '.gradle', 'target'] },
];

function folderOf(language: SdkLanguage): string {
  return join(dirname(paths.nodejsSdk), language.name);
}

/** Every generated file below a folder, relative to it, sorted. */
function sources(folder: string, { ours }: SdkLanguage): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((file) => !ours.includes(file.split('/')[0]!) && !/(^|\/)(__pycache__|[^/]+\.egg-info)(\/|$)/.test(file))
    .sort();
}

/**
 * Names the compiled entry point, which Pulumi's generator leaves to its publishing scripts. Without it Node would take the sources
 * themselves, where "./package" is the manifest before it is the resource.
 */
function addEntryPoint(manifest: string): void {
  const { name, version, ...rest } = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, unknown>;
  const complete = { name, version, main: 'bin/index.js', types: 'bin/index.d.ts', ...rest };
  writeFileSync(manifest, `${JSON.stringify(complete, null, 4)}\n`);
}

/** Makes the entry point load what is written by hand beside the generated files. */
function addOverlay(folder: string): void {
  appendFileSync(join(folder, 'index.ts'), '\n// What is written by hand: Action.fromFunction and Trigger.on.\nimport "./overlay";\n');
}

/** Generates an SDK of the provider's schema into a new folder beside the committed one, so that it can be put there by a rename. */
async function generate(language: SdkLanguage): Promise<string> {
  if (!existsSync(paths.providerSchema)) throw new UserError('There is no provider/schema.json to generate an SDK from.');
  const generator = await acquireSdkGenerator(language.name);
  mkdirSync(paths.tools, { recursive: true });
  const folder = mkdtempSync(join(paths.tools, `sdk-${language.name}-`));
  await mustRun(generator, [language.name, paths.providerSchema, folder]);
  language.complete?.(folder);
  return folder;
}

/** Files in which the committed SDKs differ from what their schema gives, as paths in the repository. */
export async function sdkDifferences(): Promise<string[]> {
  const differences: string[] = [];
  for (const language of LANGUAGES) {
    const committed = folderOf(language);
    const fresh = await generate(language);
    try {
      const names = [...new Set([...sources(fresh, language), ...sources(committed, language)])];
      const content = (folder: string, name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : undefined);
      for (const name of names) {
        const [now, then] = [content(fresh, name), content(committed, name)];
        if (now === undefined || then === undefined || !now.equals(then)) differences.push(relative(repositoryRoot, join(committed, name)));
      }
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  }
  return differences;
}

/** Puts a fresh SDK in the place of the committed one, file by file: what is derived from it stays where it is. */
async function replaceSdk(language: SdkLanguage): Promise<void> {
  const committed = folderOf(language);
  const fresh = await generate(language);
  try {
    for (const file of sources(committed, language)) rmSync(join(committed, file));
    for (const file of sources(fresh, language)) {
      const target = join(committed, file);
      mkdirSync(dirname(target), { recursive: true });
      renameSync(join(fresh, file), target);
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** `npm run sdk`: generates provider/sdk/<language> from provider/schema.json; with --check only says whether they fit. */
export async function sdk(args: readonly string[]): Promise<number> {
  refuseUnknown('sdk', args, ['--check']);
  if (args.includes('--check')) {
    const differences = await step('Compare the SDKs with the schema', sdkDifferences);
    if (differences.length === 0) return 0;
    say(`The SDKs do not fit provider/schema.json; run "npm run sdk". These files differ:\n  ${differences.join('\n  ')}`);
    return 1;
  }
  for (const language of LANGUAGES) await step(`Generate ${relative(repositoryRoot, folderOf(language))}`, () => replaceSdk(language));
  return 0;
}

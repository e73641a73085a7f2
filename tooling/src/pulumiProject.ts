import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { paths, repositoryRoot } from './repository';
import { UserError } from './userError';

/** Where a Pulumi project has its parts. */
export interface ProjectFolders {
  /** Where Pulumi.yaml is. */
  readonly root: string;
  /** Where the program runs: relative paths of code start here. */
  readonly program: string;
  /** Where Pulumi.<stack>.yaml files are. */
  readonly stackConfig: string;
}

/** This repository's own project. */
export const repositoryProject: ProjectFolders = {
  root: repositoryRoot,
  program: join(repositoryRoot, 'stacks'),
  stackConfig: paths.stackConfig,
};

/**
 * The parts of a project in a folder.
 * @throws UserError when there is no Pulumi.yaml
 */
export function readProject(folder: string): ProjectFolders {
  const file = join(folder, 'Pulumi.yaml');
  if (!existsSync(file)) throw new UserError(`There is no Pulumi.yaml in ${folder}: name the folder of a Pulumi project.`);
  const { main, stackConfigDir } = (parse(readFileSync(file, 'utf8')) ?? {}) as { main?: string; stackConfigDir?: string };
  const program = resolve(folder, main ?? '.');
  return {
    root: folder,
    program: existsSync(program) && statSync(program).isFile() ? dirname(program) : program,
    stackConfig: resolve(folder, stackConfigDir ?? '.'),
  };
}

/** A path given on the command line: npm changes to the repository, and says where it was started. */
export function givenPath(path: string): string {
  return resolve(process.env.INIT_CWD ?? process.cwd(), path);
}

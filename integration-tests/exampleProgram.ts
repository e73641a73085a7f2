import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';

/** The program of an example, as JavaScript: what a user writes, with its sizes in the configuration. */
export function exampleProgram(example: 'containers' | 'kubernetes'): string {
  const source = readFileSync(join(__dirname, '../examples', example, 'index.ts'), 'utf8');
  return transpileModule(source, {
    compilerOptions: { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022, esModuleInterop: true },
  }).outputText;
}

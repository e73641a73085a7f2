import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../tooling/src/command';
import { repositoryRoot } from '../../tooling/src/repository';

const { scripts } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

describe.each(['README.md', 'CONTRIBUTING.md', 'docs/kubernetes.md', 'examples/ci/README.md'])('%s', (file) => {
  const text = readFileSync(join(repositoryRoot, file), 'utf8');

  it('names only commands that there are, with options they have', async () => {
    const calls = [...text.matchAll(/npm run ([a-z:]+)(?!<)\b([^\n`|#]*)/g)];
    expect(calls.length).toBeGreaterThan(0);
    for (const [, command, rest] of calls) {
      if (command!.endsWith(':')) continue;
      expect(scripts).toHaveProperty([command!]);
      const options = rest!.includes(' -- ') ? (rest!.match(/--[a-z]+(?:-[a-z]+)*/g) ?? []) : [];
      // These hand their arguments on to a program with help of its own.
      if (options.length === 0 || ['pulumi', 'sdk', 'bench', 'bench:provider'].includes(command!) || command!.startsWith('test')) continue;
      const { stdout, code } = await runCommand(process.execPath, [join(repositoryRoot, 'tooling/run.mjs'), command!, '--help']);
      expect(code).toBe(0);
      for (const option of options) expect(stdout).toContain(option);
    }
  });
});

import { lintChecks, runChecks } from '../checks';
import { findExecutable } from '../executable';
import { type CheckResult, rowsOf, runJestArea, testAreas } from '../jestArea';
import { duration, say, step } from '../progress';
import { acquirePulumiCli } from '../pulumiCli/acquire';
import { pulumiBehaviour, pulumiSearchPath } from '../pulumiEnvironment';
import { buildToolsAhead } from '../toolsAhead';
import { UserError } from '../userError';
import { buildWorkspace } from '../workspaceBuild';
import { sdkDifferences } from './sdk';

/** Areas whose tests run the real CLI. */
const AREAS_WITH_CLI: readonly string[] = ['dockerTarget', 'kubernetes', 'provider', 'stacks'];

/** Environment of an area's tests: they find pulumi, the language host and the provider plugin on PATH, and bring their own backend. */
async function areaEnvironment(area: string): Promise<NodeJS.ProcessEnv> {
  if (!AREAS_WITH_CLI.includes(area)) return process.env;
  const cli = await step('Find a Pulumi CLI', acquirePulumiCli);
  return { ...process.env, ...pulumiBehaviour, PATH: pulumiSearchPath(cli), OPENWHISK_PULUMI_VERSION: cli.version };
}

async function attempt(name: string, work: () => Promise<unknown>): Promise<CheckResult> {
  const started = Date.now();
  let failed = 0;
  try {
    await work();
  } catch (error) {
    failed = 1;
    say(error instanceof UserError ? error.message : String(error instanceof Error ? error.stack : error));
  }
  return { name, passed: 0, failed, skipped: 0, milliseconds: Date.now() - started };
}

async function checkSdk(): Promise<void> {
  if (findExecutable('go') === undefined) {
    say('  not checked that the SDK fits the schema: the generator needs Go');
    return;
  }
  const differences = await sdkDifferences();
  if (differences.length > 0)
    throw new UserError(`provider/sdk/nodejs does not fit provider/schema.json (${differences[0]}): run "npm run sdk".`);
}

async function runArea(area: string, args: readonly string[], output: 'show' | 'later'): Promise<CheckResult[]> {
  if (area === 'lint') return runChecks(lintChecks());
  say(output === 'show' ? `\n== ${area}` : `… ${area}`);
  try {
    return [await runJestArea(area, { env: await areaEnvironment(area), args, output })];
  } catch (error) {
    return [await attempt(area, () => Promise.reject(error))];
  }
}

/** The closing lines: one a check with its time, and the totals alone on the last line. */
export function summary(results: readonly CheckResult[]): string {
  const total = (field: 'passed' | 'failed' | 'skipped') => results.reduce((sum, result) => sum + result[field], 0);
  const lines = results.map(({ name, passed, failed, skipped, milliseconds }) => {
    const counts =
      passed + failed + skipped === 0 ? '' : `: ${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
    return `${failed === 0 ? '✓' : '✗'} ${name}${counts} (${duration(milliseconds)})`;
  });
  const skipped = total('skipped');
  return `${lines.join('\n')}\n${total('passed')} passed, ${total('failed')} failed${skipped === 0 ? '' : `, ${skipped} skipped`}\n`;
}

/**
 * `npm test`: build, lint and every area, in two rows side by side, whatever fails on the way; what takes minutes to build is built beside
 * them. `npm run test:<area>` runs one area; what stands behind "--" there goes to jest.
 */
export async function test(args: readonly string[]): Promise<number> {
  const [area, ...jestArguments] = args;
  const areas = testAreas();
  if (area !== undefined && area !== 'lint' && !areas.includes(area)) {
    throw new UserError(`There is no test area "${area}"; there are lint, ${areas.join(', ')}.`);
  }
  const results = [await attempt('build', () => buildWorkspace())];
  const rows = area === undefined ? rowsOf(['lint', ...areas]) : [[area]];
  const output = rows.length === 1 ? 'show' : 'later';
  const tools = async () => {
    if (rows.length > 1) await buildToolsAhead();
    return area === undefined ? [await attempt('SDK fits the schema', checkSdk)] : [];
  };
  const ofRows = await Promise.all([
    ...rows.map(async (row) => {
      const ofRow: CheckResult[] = [];
      for (const name of row) ofRow.push(...(await runArea(name, jestArguments, output)));
      return ofRow;
    }),
    tools(),
  ]);
  results.push(...ofRows.flat());
  process.stdout.write(`\n${summary(results)}`);
  return results.some(({ failed }) => failed > 0) ? 1 : 0;
}

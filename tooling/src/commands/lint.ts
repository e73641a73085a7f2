import { lintChecks, runChecks } from '../checks';
import { refuseUnknown } from '../options';

/** `npm run lint`: style, layering and types; every check runs, also after one has failed. */
export async function lint(args: readonly string[]): Promise<number> {
  refuseUnknown('lint', args);
  const results = await runChecks(lintChecks());
  return results.some(({ failed }) => failed > 0) ? 1 : 0;
}

import { refuseUnknown } from '../options';
import { buildWorkspace } from '../workspaceBuild';

/** `npm run build`: every workspace compiled, the provider plugin bundled. */
export async function build(args: readonly string[]): Promise<number> {
  refuseUnknown('build', args);
  await buildWorkspace({ force: true });
  return 0;
}

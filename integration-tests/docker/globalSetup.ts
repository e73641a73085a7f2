import type { ChildProcess } from 'node:child_process';
import { dockerEngine, startEngine } from './engine';
import { buildRuntimeImages } from './images';

/** An engine with the images of our runtimes. */
export default async function globalSetup(): Promise<void> {
  (globalThis as { dockerEngine?: ChildProcess }).dockerEngine = await startEngine();
  await buildRuntimeImages(dockerEngine());
}

import type { ChildProcess } from 'node:child_process';
import { startEngine } from './engine';

export default async function globalSetup(): Promise<void> {
  (globalThis as { dockerEngine?: ChildProcess }).dockerEngine = await startEngine();
}

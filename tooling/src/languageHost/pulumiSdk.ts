import { createRequire } from 'node:module';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { LanguageHostError } from './rpc';

/**
 * Path of a module of the program's own copy of @pulumi/pulumi, so that the runner and the program share one SDK.
 * @throws LanguageHostError when the program has no @pulumi/pulumi
 */
export function resolvePulumiSdk(programDirectory: string, module: 'cmd/run' | 'cmd/run-plugin'): string {
  try {
    return createRequire(join(programDirectory, 'package.json')).resolve(`@pulumi/pulumi/${module}`);
  } catch {
    throw new LanguageHostError(
      `The program in ${programDirectory} has no @pulumi/pulumi; run "npm install @pulumi/pulumi" there.`,
      status.FAILED_PRECONDITION,
    );
  }
}

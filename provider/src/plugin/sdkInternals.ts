import type { Output, ProviderResource } from '@pulumi/pulumi';
import * as server from '@pulumi/pulumi/provider/server';
import * as resource from '@pulumi/pulumi/resource';
import * as settings from '@pulumi/pulumi/runtime/settings';
import * as state from '@pulumi/pulumi/runtime/state';
import type { Struct } from 'google-protobuf/google/protobuf/struct_pb';

/**
 * Parts of the SDK its provider server is made of, which it exports but leaves out of its types. The SDK's version is pinned,
 * and the integration tests build a component, so a change here does not go unseen.
 */
interface Internals {
  /** Inputs as outputs that know what they depend on. */
  deserializeInputs(
    inputs: Struct,
    dependencies: { get(key: string): { getUrnsList(): string[] } | undefined },
  ): Promise<Record<string, unknown>>;
  /** A provider that is known by its reference only. */
  DependencyProviderResource: new (
    reference: string,
  ) => ProviderResource;
  /** Asks the engine what it supports. */
  awaitFeatureSupport(): Promise<void>;
  /** Ends when every registration has been answered. */
  waitForRPCs(): Promise<void>;
  /** Runs a program with settings of its own. */
  withLocalStorage<T>(run: () => Promise<T>): Promise<T>;
}

export const { deserializeInputs, DependencyProviderResource, awaitFeatureSupport, waitForRPCs, withLocalStorage } = {
  ...server,
  ...resource,
  ...settings,
  ...state,
} as unknown as Internals;

export function promiseOf<T>(value: Output<T>): Promise<T> {
  return (value as unknown as { promise(): Promise<T> }).promise();
}

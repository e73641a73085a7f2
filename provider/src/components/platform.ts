import {
  ComponentResource,
  type ComponentResourceOptions,
  getStack,
  InputPropertiesError,
  type Inputs,
  type Output,
  output,
} from '@pulumi/pulumi';
import { checkPlatformArgs, type PlatformArgs } from '../blueprint/platformArgs';
import { standaloneBlueprint } from '../blueprint/standalone';
import { renderLocal } from '../targets/local/renderLocal';

/** A complete platform: `openwhisk:index:Platform`. What it is made of depends on the target. */
export class Platform extends ComponentResource {
  /** Base address of the OpenWhisk API. */
  readonly apiHost: Output<string>;
  /** Base address of the admin API. */
  readonly adminUrl: Output<string>;
  /** Bearer key of the admin API; a secret. */
  readonly adminKey: Output<string>;

  constructor(name: string, args: PlatformArgs & { dataDir?: string }, options: ComponentResourceOptions, version: string) {
    super('openwhisk:index:Platform', name, {}, options);
    const rendered = renderLocal(standaloneBlueprint(args), {
      parent: this,
      version,
      name,
      host: args.host ?? '127.0.0.1',
      dataDir: args.dataDir ?? `.openwhisk/${getStack()}/${name}`,
    });
    this.apiHost = rendered.apiHost;
    this.adminUrl = rendered.adminUrl;
    this.adminKey = rendered.adminKey;
    this.registerOutputs(this.state());
  }

  /** The outputs by name. */
  state(): Record<string, Output<string>> {
    return { apiHost: this.apiHost, adminUrl: this.adminUrl, adminKey: this.adminKey };
  }
}

/**
 * The arguments as plain values. They decide which resources there are, so all of them must be known when the component is
 * built: an output of another resource cannot be used, one of the configuration can.
 */
export async function platformArgsOf(inputs: Inputs): Promise<PlatformArgs & { dataDir?: string }> {
  const args: Record<string, unknown> = {};
  const problems: { propertyPath: string; reason: string }[] = [];
  for (const [key, input] of Object.entries(inputs)) {
    const value = output(input) as Output<unknown> & { isKnown: Promise<boolean>; promise(withUnknowns?: boolean): Promise<unknown> };
    if (await value.isKnown) args[key] = await value.promise();
    else
      problems.push({
        propertyPath: key,
        reason: `${key} must be known before the platform exists, so it cannot come from another resource`,
      });
  }
  const known = args as PlatformArgs & { dataDir?: string };
  for (const { path, reason } of checkPlatformArgs(known)) problems.push({ propertyPath: path, reason: `${path} ${reason}` });
  if (problems.length > 0)
    throw new InputPropertiesError({ message: 'The platform cannot be built from these arguments', errors: problems });
  return known;
}

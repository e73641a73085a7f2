import { join } from 'node:path';
import {
  ComponentResource,
  type ComponentResourceOptions,
  getProject,
  getStack,
  InputPropertiesError,
  type Inputs,
  type Output,
  output,
} from '@pulumi/pulumi';
import { clientHost } from '../blueprint/clientHost';
import { DEFAULT_KINDS, distributedBlueprint } from '../blueprint/distributed';
import { checkPlatformArgs, type PlatformArgs } from '../blueprint/platformArgs';
import { standaloneBlueprint } from '../blueprint/standalone';
import { ImageSources } from '../targets/docker/imageSources';
import { type RenderedPlatform, renderLocal } from '../targets/local/renderLocal';
import { findProjectRoot } from '../targets/projectRoot';

/** A complete platform: `openwhisk:index:Platform`. What it is made of depends on the target. */
export class Platform extends ComponentResource {
  /** Base address of the OpenWhisk API. */
  readonly apiHost: Output<string>;
  /** Base address of the admin API. */
  readonly adminUrl: Output<string>;
  /** Bearer key of the admin API; a secret. */
  readonly adminKey: Output<string>;
  /** `address:port` at which Prometheus finds `/metrics`, seen from the host the platform is on. */
  readonly prometheusTargets: Output<string[]>;
  /** Certificate of the authority that signed the platform's own, in PEM form; empty when none was generated. */
  readonly caCertificate: Output<string>;

  constructor(name: string, args: PlatformArgs & { dataDir?: string }, options: ComponentResourceOptions, version: string) {
    super('openwhisk:index:Platform', name, {}, options);
    const folder = args.dataDir ?? `.openwhisk/${getStack()}/${name}`;
    const rendered =
      args.target === 'docker' ? this.renderDocker(name, args, folder, version) : this.renderLocal(name, args, folder, version);
    this.apiHost = rendered.apiHost;
    this.adminUrl = rendered.adminUrl;
    this.adminKey = rendered.adminKey;
    this.prometheusTargets = rendered.prometheusTargets;
    // an output that is left out is unknown in every preview
    this.caCertificate = rendered.caCertificate ?? output('');
    this.registerOutputs(this.state());
  }

  private renderLocal(name: string, args: PlatformArgs, dataDir: string, version: string): RenderedPlatform {
    const host = args.host ?? '127.0.0.1';
    return renderLocal(standaloneBlueprint(args), { parent: this, version, name, host, dataDir });
  }

  private renderDocker(name: string, args: PlatformArgs, folder: string, version: string): RenderedPlatform {
    // loaded with the first platform that needs it: it is large
    const { renderDocker } = require('../targets/docker/renderDocker') as typeof import('../targets/docker/renderDocker');
    const sources = new ImageSources();
    const platform = `${getProject()}-${getStack()}-${name}`.toLowerCase().replace(/[^a-z0-9-]+/g, '-');
    const { engine, tls, kinds = DEFAULT_KINDS, allowDataLoss = false } = args.docker ?? {};
    const host = clientHost(args.host, engine);
    const scheme = tls === undefined ? 'http' : 'https';
    const provider = this.getProvider('docker:index/container:Container');
    return renderDocker(distributedBlueprint(args, platform, sources), {
      parent: this,
      version,
      name,
      platform,
      ...(engine === undefined ? {} : { engine }),
      ...(provider === undefined ? {} : { provider }),
      endpoints: {
        apiHost: `${scheme}://${host}:${args.apiPort ?? 3233}`,
        adminUrl: `${scheme}://${host}:${args.adminPort ?? 3234}`,
      },
      allowDataLoss,
      kind: kinds[0]!,
      stage: (context) => sources.stage(context, join(findProjectRoot(process.cwd()), folder, 'images')),
    });
  }

  /** The outputs by name. */
  state(): Record<string, Output<string | string[]>> {
    const { apiHost, adminUrl, adminKey, prometheusTargets, caCertificate } = this;
    return { apiHost, adminUrl, adminKey, prometheusTargets, caCertificate };
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

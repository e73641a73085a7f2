import { CustomResource, type CustomResourceOptions, type Output } from '@pulumi/pulumi';
import type { CertificateBlueprint } from '../blueprint/tls';

/** Targets whose platforms have certificates, and volumes with data. */
type DistributedTarget = 'docker' | 'kubernetes';

/** A random value that is made once and kept. */
export class GeneratedSecret extends CustomResource {
  declare readonly value: Output<string>;
  constructor(name: string, options: CustomResourceOptions) {
    super('openwhisk:local:GeneratedSecret', name, { value: undefined }, { ...options, additionalSecretOutputs: ['value'] });
  }
}

/** A certificate that is made, with an authority of its own, and renewed before it ends. */
export class Certificate extends CustomResource {
  declare readonly certificate: Output<string>;
  declare readonly key: Output<string>;
  declare readonly caCertificate: Output<string>;
  constructor(target: DistributedTarget, name: string, { names, days, renewal }: CertificateBlueprint, options: CustomResourceOptions) {
    super(
      `openwhisk:${target}:Certificate`,
      name,
      { names: [...names], days, renewal, certificate: undefined, key: undefined, caCertificate: undefined },
      { ...options, additionalSecretOutputs: ['key', 'authorityKey'] },
    );
  }
}

/** The volumes with data that nobody else has: an update that gives one up is refused. */
export class DataVolumes extends CustomResource {
  constructor(
    target: DistributedTarget,
    name: string,
    volumes: readonly { name: string; retain: boolean }[],
    allowDataLoss: boolean,
    options: CustomResourceOptions,
  ) {
    const args = { volumes: volumes.map((volume) => volume.name), retained: volumes.some(({ retain }) => retain), allowDataLoss };
    super(`openwhisk:${target}:DataVolumes`, name, args, options);
  }
}

import * as pulumi from '@pulumi/pulumi';
import * as openwhisk from 'pulumi-openwhisk';

// How large it is and where it runs is configuration, a path at a time:
//   pulumi config set --path 'platform.docker.invokers' 2
//   pulumi config set --path 'platform.docker.tls.generate' true
//   pulumi config set --path --secret 'platform.docker.kafka.sasl.password' …
const settings = new pulumi.Config().getObject<openwhisk.PlatformArgs>('platform');
const platform = new openwhisk.Platform('platform', { ...settings, target: 'docker' });
export const { apiHost, adminUrl, adminKey, prometheusTargets, caCertificate } = platform;

// What lives on the platform goes with it, so that none of it is deleted one by one.
const admin = new openwhisk.Provider('admin', { adminUrl, adminKey, caCertificate });
const guest = new openwhisk.Namespace('guest', {}, { provider: admin, deletedWith: platform });
export const auth = guest.auth;

const provider = new openwhisk.Provider('guest', { apiHost, auth, caCertificate });
const code = 'function main({ name }) { return { greeting: "hello " + name }; }';
new openwhisk.Action('hello', { kind: 'nodejs:20', code }, { provider, deletedWith: platform });

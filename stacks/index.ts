import * as pulumi from '@pulumi/pulumi';
import * as openwhisk from 'pulumi-openwhisk';
import { hello } from '../examples/hello/entities';

// One program for every environment: nothing but the configuration of a stack says where its platform runs and how large it is.
const config = new pulumi.Config('platform');
const retainData = config.getBoolean('retainData');

const platform = new openwhisk.Platform('platform', {
  target: config.get('target') ?? 'local',
  docker: config.getObject<openwhisk.types.input.PlatformDockerArgs>('docker'),
  kubernetes: config.getObject<openwhisk.types.input.PlatformKubernetesArgs>('kubernetes'),
  host: config.get('host'),
  apiPort: config.getNumber('apiPort'),
  adminPort: config.getNumber('adminPort'),
  retainData,
  limits: config.getObject<openwhisk.types.input.PlatformLimitsArgs>('limits'),
  userMemory: config.getNumber('userMemory'),
  logLevel: config.get('logLevel'),
});

// What lives on the platform goes with it: nothing has to be deleted one by one when all of it is destroyed. Where the data stays, it has to.
const goesWithPlatform = retainData ? {} : { deletedWith: platform };

const { apiHost, adminUrl, adminKey, caCertificate } = platform;
const admin = new openwhisk.Provider('admin', { apiHost, adminUrl, adminKey, caCertificate });
const guest = new openwhisk.Namespace('guest', {}, { provider: admin, ...goesWithPlatform });

const provider = new openwhisk.Provider('guest', { apiHost, auth: guest.auth, namespace: guest.name, caCertificate });
const { greet } = hello(
  { greeting: config.get('greeting') ?? 'Hello', token: config.getSecret('token') ?? pulumi.secret('a token for development') },
  { provider, ...goesWithPlatform },
);

export { adminKey, adminUrl, apiHost, caCertificate };
export const prometheusTargets = platform.prometheusTargets;
export const namespace = guest.name;
export const auth = guest.auth;
/** The action `npm run up` calls at the end. */
export const greeting = greet.fqn;

import * as pulumi from '@pulumi/pulumi';
import { hello } from './entities';

// The host comes from the provider's configuration: `pulumi config set openwhisk:apiHost …` and `--secret openwhisk:auth …`,
// from WHISK_APIHOST and WHISK_AUTH, or from ~/.wskprops.
const config = new pulumi.Config();
const { greet, count, visit } = hello({ greeting: config.require('greeting'), token: config.requireSecret('token') });

export const actions = [greet.fqn, count.fqn];
export const trigger = visit.fqn;

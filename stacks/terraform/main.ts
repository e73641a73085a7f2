import { resolve } from 'node:path';
import { OpenWhiskPlatform } from '@openwhisk-as-code/provider/cdktf';
import { App, TerraformOutput, TerraformStack } from 'cdktf';
import { platformSettings } from './settings';

// The platform of a stack for who plans with Terraform: what ../index.ts stands up with Pulumi, from the same Pulumi.<stack>.yaml. Which stack,
// OPENWHISK_STACK says; its keys are TF_VAR_platform_admin_key and TF_VAR_platform_couchdb_password.
const name = process.env.OPENWHISK_STACK ?? 'staging';
const settings = platformSettings(process.env.OPENWHISK_STACK_FILE ?? resolve('..', `Pulumi.${name}.yaml`));

const app = new App();
const stack = new TerraformStack(app, name);
const platform = new OpenWhiskPlatform(stack, 'platform', { name: `openwhisk-${name}`, ...settings });
new TerraformOutput(stack, 'api_host', { value: platform.apiHost });
new TerraformOutput(stack, 'admin_url', { value: platform.adminUrl });
// what clients have to trust, where the certificate is generated
if (platform.caCertificate !== undefined) new TerraformOutput(stack, 'ca_certificate', { value: platform.caCertificate });
new TerraformOutput(stack, 'prometheus_targets', { value: platform.prometheusTargets });
// what an upgrade replaces one by one: see ./roll.sh
new TerraformOutput(stack, 'roll_order', { value: platform.rollOrder });
app.synth();

import { OpenWhiskPlatform } from '@openwhisk-as-code/provider/cdktf';
import { App, TerraformOutput, TerraformStack } from 'cdktf';

// The platform of containers for who plans with Terraform: the same names, ports and defaults as the Pulumi component has. Its keys are
// variables: TF_VAR_platform_admin_key and TF_VAR_platform_couchdb_password.
const app = new App();
const stack = new TerraformStack(app, 'openwhisk');
const platform = new OpenWhiskPlatform(stack, 'platform', {
  name: process.env.OPENWHISK_PLATFORM ?? 'openwhisk',
  apiPort: Number(process.env.OPENWHISK_API_PORT ?? 3233),
  adminPort: Number(process.env.OPENWHISK_ADMIN_PORT ?? 3234),
  invokers: 1,
  limits: { invocationsPerMinute: 6000, concurrentInvocations: 200 },
});
new TerraformOutput(stack, 'api_host', { value: platform.apiHost });
new TerraformOutput(stack, 'admin_url', { value: platform.adminUrl });
app.synth();

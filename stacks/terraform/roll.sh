#!/bin/sh
# An upgrade that no caller notices: one container of the platform's own programs after another, then whatever else there is to change.
# Run it in the folder that cdktf synthesised (cdktf.out/stacks/<stack>), with the keys in the environment; arguments go to terraform.
set -eu
order=$(node -p 'JSON.parse(require("fs").readFileSync("cdk.tf.json")).output.roll_order.value.join("\n")')
for address in $order; do
  terraform apply -auto-approve -target="$address" "$@"
done
terraform apply -auto-approve "$@"

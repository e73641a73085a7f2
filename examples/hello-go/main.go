// A package, an action, a sequence of it, and a trigger that runs it. The host: WHISK_APIHOST and WHISK_AUTH, ~/.wskprops, or
// `pulumi config set openwhisk:apiHost ...`.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"openwhisk-as-code/provider/sdk/go/openwhisk"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		hello, err := openwhisk.NewPackage(ctx, "hello", &openwhisk.PackageArgs{
			Parameters: pulumi.Map{"greeting": pulumi.String("Hello")},
		})
		if err != nil {
			return err
		}
		greet, err := openwhisk.NewAction(ctx, "greet", &openwhisk.ActionArgs{
			Package: hello.Name,
			Code:    pulumi.NewFileAsset("greet.js"),
			Limits:  openwhisk.ActionLimitsArgs{Memory: pulumi.Int(128)},
		})
		if err != nil {
			return err
		}
		_, err = openwhisk.NewSequence(ctx, "twice", &openwhisk.SequenceArgs{Components: pulumi.StringArray{greet.Fqn, greet.Fqn}})
		if err != nil {
			return err
		}
		visit, err := openwhisk.NewTrigger(ctx, "visit", nil)
		if err != nil {
			return err
		}
		_, err = openwhisk.NewRule(ctx, "greet-visitors", &openwhisk.RuleArgs{Trigger: visit.Fqn, Action: greet.Fqn})
		return err
	})
}

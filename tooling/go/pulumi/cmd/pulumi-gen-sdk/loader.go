package main

import (
	"context"
	"fmt"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// newLoader asks the engine at an address for the schemas of other packages; without an address there are none.
func newLoader(address string) (schema.ReferenceLoader, error) {
	if address == "" {
		return selfContained{}, nil
	}
	client, err := schema.NewLoaderClient(address)
	if err != nil {
		return nil, fmt.Errorf("no schema loader at %s: %w", address, err)
	}
	return schema.NewCachedLoader(client), nil
}

// selfContained serves schemas that refer to no other package, so that generating an SDK needs no plugin and no network.
type selfContained struct{}

func (selfContained) refuse(name string) error {
	return fmt.Errorf("the schema refers to the package %q, and there is no loader to ask for it", name)
}

func (s selfContained) LoadPackage(name string, _ *semver.Version) (*schema.Package, error) {
	return nil, s.refuse(name)
}

func (s selfContained) LoadPackageV2(_ context.Context, d *schema.PackageDescriptor) (*schema.Package, error) {
	return nil, s.refuse(d.Name)
}

func (s selfContained) LoadPackageReference(name string, _ *semver.Version) (schema.PackageReference, error) {
	return nil, s.refuse(name)
}

func (s selfContained) LoadPackageReferenceV2(_ context.Context, d *schema.PackageDescriptor) (schema.PackageReference, error) {
	return nil, s.refuse(d.Name)
}

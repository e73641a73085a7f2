package main

import (
	"slices"
	"strings"

	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// sdkRequest is what every generator is given.
type sdkRequest struct {
	pkg               *schema.Package
	loader            schema.ReferenceLoader
	local             bool
	localDependencies map[string]string
}

// generators holds one entry a language: file path within the SDK to content. Languages whose generator lives in a module of its
// own (dotnet, java) are added by requiring that module in go.mod and adding a line here.
var generators = map[string]func(sdkRequest) (map[string][]byte, error){
	"nodejs": func(r sdkRequest) (map[string][]byte, error) {
		return nodejs.GeneratePackage("pulumi-gen-sdk", r.pkg, nil, r.localDependencies, r.local, r.loader)
	},
	"python": func(r sdkRequest) (map[string][]byte, error) {
		return python.GeneratePackage("pulumi-gen-sdk", r.pkg, nil, r.loader)
	},
	"go": func(r sdkRequest) (map[string][]byte, error) {
		return gogen.GeneratePackage("pulumi-gen-sdk", r.pkg, r.localDependencies)
	},
}

func languageNames() string {
	names := make([]string, 0, len(generators))
	for name := range generators {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

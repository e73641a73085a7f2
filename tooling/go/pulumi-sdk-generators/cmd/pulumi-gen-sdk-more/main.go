// pulumi-gen-sdk-more turns a Pulumi package schema into the source of an SDK, for the languages whose generators live in modules of their
// own. It stands beside pulumi-gen-sdk, in a module of its own, because these need other versions of Pulumi's packages than the CLI does.
//
//	pulumi-gen-sdk-more LANGUAGE SCHEMA OUTDIR
//
// LANGUAGE is dotnet or java. SCHEMA is a JSON file. OUTDIR is created; what an earlier run left there stays.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	dotnet "github.com/pulumi/pulumi-dotnet/pulumi-language-dotnet/v3/codegen"
	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

var generators = map[string]func(*schema.Package) (map[string][]byte, error){
	"dotnet": func(pkg *schema.Package) (map[string][]byte, error) {
		return dotnet.GeneratePackage("pulumi-gen-sdk-more", pkg, nil, nil)
	},
	"java": func(pkg *schema.Package) (map[string][]byte, error) {
		return java.GeneratePackage("pulumi-gen-sdk-more", pkg, nil, nil, false, false)
	},
}

func main() {
	if len(os.Args) != 4 {
		fail(fmt.Errorf("usage: pulumi-gen-sdk-more dotnet|java SCHEMA OUTDIR"))
	}
	http.DefaultTransport = ownLogo{}
	generate, known := generators[os.Args[1]]
	if !known {
		fail(fmt.Errorf("no SDK generator for %q; there is one for dotnet and one for java", os.Args[1]))
	}
	pkg, err := bindSchema(os.Args[2])
	if err != nil {
		fail(err)
	}
	files, err := generate(pkg)
	if err != nil {
		fail(fmt.Errorf("generating the %s SDK: %w", os.Args[1], err))
	}
	for name, content := range files {
		if !filepath.IsLocal(name) {
			fail(fmt.Errorf("the generator named a file outside the SDK: %s", name))
		}
		path := filepath.Join(os.Args[3], name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			fail(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			fail(err)
		}
	}
}

func bindSchema(file string) (*schema.Package, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("the schema %s is not valid: %w", file, err)
	}
	pkg, diagnostics, err := schema.BindSpec(spec, selfContained{}, schema.ValidationOptions{AllowDanglingReferences: true})
	if err != nil {
		return nil, fmt.Errorf("the schema %s is not valid: %w", file, err)
	}
	if diagnostics.HasErrors() {
		return nil, fmt.Errorf("the schema %s has errors: %w", file, diagnostics)
	}
	return pkg, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "pulumi-gen-sdk-more:", err)
	os.Exit(1)
}

// pulumi-gen-sdk turns a Pulumi package schema into the source of an SDK.
//
//	pulumi-gen-sdk [-loader ADDRESS] [-local] [-local-dependencies JSON] LANGUAGE SCHEMA OUTDIR
//
// LANGUAGE is one of the keys of generators. SCHEMA is a JSON file, or - for standard input. OUTDIR is created; files that an
// earlier run left there and this run does not write stay (callers generate into an empty folder and compare or swap).
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	loaderAddress := flag.String("loader", "", "address of an engine's schema loader, for schemas that refer to other packages")
	local := flag.Bool("local", false, "the SDK is linked into a program's folder instead of being published")
	localDependencies := flag.String("local-dependencies", "{}", "JSON object: package name to the path of its local SDK")
	flag.Parse()
	if flag.NArg() != 3 {
		fail(fmt.Errorf("usage: pulumi-gen-sdk [flags] LANGUAGE SCHEMA OUTDIR"))
	}
	language, schemaFile, outDir := flag.Arg(0), flag.Arg(1), flag.Arg(2)

	generate, known := generators[language]
	if !known {
		fail(fmt.Errorf("no SDK generator for %q; there is one for: %s", language, languageNames()))
	}
	request := sdkRequest{local: *local}
	if err := json.Unmarshal([]byte(*localDependencies), &request.localDependencies); err != nil {
		fail(fmt.Errorf("-local-dependencies is not a JSON object of strings: %w", err))
	}
	var err error
	if request.loader, err = newLoader(*loaderAddress); err != nil {
		fail(err)
	}
	if request.pkg, err = bindSchema(schemaFile, request.loader); err != nil {
		fail(err)
	}
	files, err := generate(request)
	if err != nil {
		fail(fmt.Errorf("generating the %s SDK: %w", language, err))
	}
	if err := writeFiles(outDir, files); err != nil {
		fail(err)
	}
}

// bindSchema reads a schema and resolves its references.
func bindSchema(file string, loader schema.ReferenceLoader) (*schema.Package, error) {
	var text []byte
	var err error
	if file == "-" {
		text, err = io.ReadAll(os.Stdin)
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("the schema %s is not valid: %w", file, err)
	}
	pkg, diagnostics, err := schema.BindSpec(spec, loader, schema.ValidationOptions{AllowDanglingReferences: true})
	if err != nil {
		return nil, fmt.Errorf("the schema %s is not valid: %w", file, err)
	}
	for _, diagnostic := range diagnostics {
		fmt.Fprintln(os.Stderr, diagnostic.Error())
	}
	if diagnostics.HasErrors() {
		return nil, fmt.Errorf("the schema %s has errors", file)
	}
	return pkg, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "pulumi-gen-sdk:", err)
	os.Exit(1)
}

//go:build tools

// Package tools names the programs that are built from this module, so that its go.mod requires what they need.
package tools

import _ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"

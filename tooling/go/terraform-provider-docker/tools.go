//go:build tools

// Package tools pins the Docker provider for Terraform: its main package is built from this module, at the version that go.mod names.
package tools

import (
	_ "github.com/terraform-providers/terraform-provider-docker"
)

//go:build tools

// Package tools pins wskdeploy: its main package is built from this module, at the version that go.mod names.
package tools

import (
	_ "github.com/apache/openwhisk-wskdeploy"
)

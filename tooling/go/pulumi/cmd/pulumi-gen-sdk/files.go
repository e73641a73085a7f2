package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// writeFiles puts generated files below a folder, and refuses a path that leaves it.
func writeFiles(folder string, files map[string][]byte) error {
	for name, content := range files {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("the generator named a file outside the SDK: %s", name)
		}
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

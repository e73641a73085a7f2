package main

import (
	"encoding/json"
	"os"
	"strings"
)

// Of the runtime, and of no concern to an action.
var own = map[string]bool{"GOCACHE": true, "GOTOOLCHAIN": true, "CGO_ENABLED": true, "GOPATH": true, "GOLANG_VERSION": true}

// environment is what this process was given, with what /init adds.
func environment(given map[string]json.RawMessage) []string {
	var all []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if !own[name] && !strings.HasPrefix(name, "OPENWHISK_") {
			all = append(all, entry)
		}
	}
	for name, raw := range given {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		all = append(all, name+"="+text)
	}
	return all
}

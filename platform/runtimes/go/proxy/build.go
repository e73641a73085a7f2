package main

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"unicode"
)

//go:embed launcher.go.txt
var launcher string

var (
	ownMain    = regexp.MustCompile(`(?m)^func main\(\)`)
	entryPoint = regexp.MustCompile(`^[\pL_][\pL\pN_]*(\.[\pL_][\pL\pN_]*)*$`)
	languageOf = regexp.MustCompile(`^go(\d+\.\d+)`)
	elf        = []byte("\x7fELF")
)

// locate brings the program of an action to a file: source text, a program, or an archive of either. The second result tells whether
// it has the launcher of this runtime.
func locate(directory string, value *initValue) (string, bool, error) {
	root := filepath.Join(directory, "code")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", false, err
	}
	if !value.Binary {
		if err := os.WriteFile(filepath.Join(root, "main.go"), []byte(value.Code), 0o644); err != nil {
			return "", false, err
		}
		return compile(directory, root, value.Main)
	}
	content, err := base64.StdEncoding.DecodeString(value.Code)
	if err != nil {
		return "", false, errors.New("The code is not base64.")
	}
	file := filepath.Join(root, "exec")
	if bytes.HasPrefix(content, elf) || bytes.HasPrefix(content, []byte("#!")) {
		return file, false, os.WriteFile(file, content, 0o755)
	}
	if err := unpack(content, root); err != nil {
		return "", false, err
	}
	if _, err := os.Stat(file); err == nil {
		return file, false, os.Chmod(file, 0o755)
	}
	sources := root
	if !hasSources(root) && hasSources(filepath.Join(root, "src")) {
		sources = filepath.Join(root, "src")
	}
	if !hasSources(sources) {
		return "", false, errors.New("The archive has neither a program 'exec' nor Go sources at its root.")
	}
	return compile(directory, sources, value.Main)
}

func hasSources(directory string) bool {
	found, _ := filepath.Glob(filepath.Join(directory, "*.go"))
	return len(found) > 0
}

// compile makes a program of the sources, with a main function where they have none.
func compile(directory, sources, name string) (string, bool, error) {
	if err := addModule(sources); err != nil {
		return "", false, err
	}
	launched, err := addLauncher(sources, name)
	if err != nil {
		return "", false, err
	}
	file := filepath.Join(sources, "exec")
	temporary := filepath.Join(directory, "build")
	if err := os.MkdirAll(temporary, 0o755); err != nil {
		return "", false, err
	}
	defer os.RemoveAll(temporary)
	toolchain := os.Getenv("OPENWHISK_GO")
	if toolchain == "" {
		toolchain = "go"
	}
	command := exec.Command(toolchain, "build", "-trimpath", "-ldflags", "-s -w", "-o", file, ".")
	command.Dir = sources
	// Modules come with the action: what an /init fetches it would fetch at each cold start. The index of packages cannot be written
	// to a cache that is read-only, and the command then takes packages for missing.
	command.Env = append(os.Environ(), "HOME="+directory, "GOTMPDIR="+temporary, "GOPROXY=off", "GOTOOLCHAIN=local", "CGO_ENABLED=0",
		"GOFLAGS=-buildvcs=false", "GODEBUG=goindex=0")
	if output, err := command.CombinedOutput(); err != nil {
		return "", false, fmt.Errorf("%s\nThe action does not compile: %w", bytes.TrimSpace(output), err)
	}
	return file, launched, nil
}

func addModule(sources string) error {
	file := filepath.Join(sources, "go.mod")
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	language := "1.22"
	if found := languageOf.FindStringSubmatch(runtime.Version()); found != nil {
		language = found[1]
	}
	return os.WriteFile(file, []byte("module action\n\ngo "+language+"\n"), 0o644)
}

// addLauncher tells whether it was needed.
func addLauncher(sources, name string) (bool, error) {
	files, _ := filepath.Glob(filepath.Join(sources, "*.go"))
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return false, err
		}
		if ownMain.Match(content) {
			return false, nil
		}
	}
	if name == "" {
		name = "main"
	}
	if !entryPoint.MatchString(name) {
		return false, fmt.Errorf("'%s' is not the name of a function.", name)
	}
	text := strings.Replace(launcher, "ENTRY_POINT", exported(name), 1)
	return true, os.WriteFile(filepath.Join(sources, "openwhisk_launcher.go"), []byte(text), 0o644)
}

// exported is the name as Go has it: entry points are visible outside of their package.
func exported(name string) string {
	parts := strings.Split(name, ".")
	for i, part := range parts {
		letters := []rune(part)
		letters[0] = unicode.ToUpper(letters[0])
		parts[i] = string(letters)
	}
	return strings.Join(parts, ".")
}

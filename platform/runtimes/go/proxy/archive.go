package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Unpacked size and number of entries, against archives that are small only while packed.
const (
	maxUnpacked = 512 << 20
	maxEntries  = 100_000
)

// target is where entries go: never outside of it, and never through a link that an earlier entry made.
type target struct {
	root     string
	links    [][2]string
	unpacked int64
	entries  int
}

// unpack writes a zip or a tar.gz below a folder.
func unpack(content []byte, root string) error {
	to := &target{root: root}
	var err error
	switch {
	case bytes.HasPrefix(content, []byte("PK\x03\x04")):
		err = unpackZip(content, to)
	case bytes.HasPrefix(content, []byte("\x1f\x8b")):
		err = unpackTar(content, to)
	default:
		err = errors.New("The code is neither a program nor a zip or tar.gz archive.")
	}
	if err != nil {
		return err
	}
	return to.link()
}

func unpackZip(content []byte, to *target) error {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return fmt.Errorf("The zip archive is damaged: %w", err)
	}
	for _, entry := range archive.File {
		err := func() error {
			from, err := entry.Open()
			if err != nil {
				return err
			}
			defer from.Close()
			return to.write(strings.ReplaceAll(entry.Name, `\`, "/"), entry.Mode(), from)
		}()
		if err != nil {
			return err
		}
	}
	return nil
}

func unpackTar(content []byte, to *target) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("The archive is damaged: %w", err)
	}
	archive := tar.NewReader(unzipped)
	for {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("The tar archive is damaged: %w", err)
		}
		var from io.Reader = archive
		switch entry.Typeflag {
		case tar.TypeSymlink:
			from = strings.NewReader(entry.Linkname)
		case tar.TypeReg, tar.TypeDir:
		default:
			continue
		}
		if err := to.write(entry.Name, entry.FileInfo().Mode(), from); err != nil {
			return err
		}
	}
}

func (t *target) write(name string, mode os.FileMode, from io.Reader) error {
	place := filepath.Clean(name)
	if !filepath.IsLocal(place) {
		return outside(name)
	}
	t.entries++
	if t.entries > maxEntries {
		return errors.New("The archive has more entries than are allowed.")
	}
	file := filepath.Join(t.root, place)
	if mode.IsDir() || strings.HasSuffix(name, "/") {
		return os.MkdirAll(file, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if mode&os.ModeSymlink != 0 {
		to, err := io.ReadAll(io.LimitReader(from, 4096))
		if err != nil || filepath.IsAbs(string(to)) || !filepath.IsLocal(filepath.Join(filepath.Dir(place), string(to))) {
			return outside(name)
		}
		t.links = append(t.links, [2]string{string(to), file})
		return nil
	}
	permission := os.FileMode(0o644)
	if mode&0o111 != 0 {
		permission = 0o755
	}
	into, err := os.OpenFile(file, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, permission)
	if err != nil {
		return err
	}
	defer into.Close()
	written, err := io.Copy(into, io.LimitReader(from, maxUnpacked-t.unpacked+1))
	t.unpacked += written
	if t.unpacked > maxUnpacked {
		return errors.New("The archive unpacks to more than is allowed.")
	}
	return err
}

// link makes the links last, so that no file is written through one.
func (t *target) link() error {
	for _, link := range t.links {
		if err := os.Symlink(link[0], link[1]); err != nil {
			return err
		}
	}
	return nil
}

func outside(name string) error {
	return fmt.Errorf("The archive holds the name '%s', which leads outside of it.", name)
}

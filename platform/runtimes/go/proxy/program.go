package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// The longest result that is read.
const maxResult = 64 << 20

// How long a program with a main function of its own may take to say that it is ready; some never do.
const readyWait = 500 * time.Millisecond

var (
	errExited = errors.New("the program has ended")
	ready     = regexp.MustCompile(`^\s*\{\s*"ok"\s*:\s*true\s*\}\s*$`)
)

// program is an action that runs.
type program struct {
	command *exec.Cmd
	input   io.WriteCloser
	results chan []byte
	failure error
}

// start begins the program. One with the launcher of this runtime says when it is ready; of others nobody knows.
func start(file string, environment []string, launched bool) (*program, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	command := exec.Command(file)
	command.Dir = filepath.Dir(file)
	command.Env = environment
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.ExtraFiles = []*os.File{writer} // file descriptor 3
	input, err := command.StdinPipe()
	if err == nil {
		err = command.Start()
	}
	writer.Close()
	if err != nil {
		reader.Close()
		return nil, err
	}
	p := &program{command: command, input: input, results: make(chan []byte)}
	go p.read(reader)
	return p, p.awaitReady(launched)
}

func (p *program) awaitReady(launched bool) error {
	var patience <-chan time.Time
	if !launched {
		patience = time.After(readyWait)
	}
	select {
	case line, open := <-p.results:
		if !open {
			p.end()
			return p.failure
		}
		if !ready.Match(line) {
			return fmt.Errorf("the program wrote a result before it was asked for one: %.100q", line)
		}
		return nil
	case <-patience:
		return nil
	}
}

func (p *program) read(from *os.File) {
	defer close(p.results)
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 0, 64<<10), maxResult)
	for lines.Scan() {
		p.results <- bytes.Clone(lines.Bytes())
	}
	p.failure = lines.Err()
	from.Close()
}

// run gives the program a line and takes one.
func (p *program) run(line []byte) ([]byte, error) {
	select {
	case late, open := <-p.results:
		// it became ready later than it was waited for
		if open && !ready.Match(late) {
			return nil, fmt.Errorf("the program wrote a result before it was asked for one: %.100q", late)
		}
	default:
	}
	if _, err := p.input.Write(append(line, '\n')); err != nil {
		p.end()
		return nil, errExited
	}
	result, open := <-p.results
	if !open {
		p.end()
		if p.failure == nil || errors.Is(p.failure, errExited) {
			return nil, errExited
		}
		return nil, p.failure
	}
	if result = bytes.TrimSpace(result); len(result) == 0 {
		result = []byte("null")
	}
	return result, nil
}

// end waits for the end of a program whose results have ended. One that was killed takes this process with it: that is how the
// invoker learns of memory that did not suffice.
func (p *program) end() {
	p.command.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(time.Second, func() { p.command.Process.Signal(syscall.SIGABRT) })
	p.command.Wait()
	timer.Stop()
	if status, ok := p.command.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		os.Exit(137)
	}
	if p.failure == nil {
		p.failure = errExited
	}
}

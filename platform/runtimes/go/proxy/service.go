package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
)

// Code is at most 48 MB, which escaping for JSON can double.
const maxBody = 128 << 20

const endOfActivation = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n"

// service holds the action of this container. Status codes and texts are those of the ActionLoop runtimes of Apache OpenWhisk.
type service struct {
	directory string
	one       sync.Mutex
	program   *program
	// An /init failed: what is left of it is nothing to start again from.
	failed bool
}

type initValue struct {
	Main   string                     `json:"main"`
	Code   string                     `json:"code"`
	Binary bool                       `json:"binary"`
	Env    map[string]json.RawMessage `json:"env"`
}

func newService(directory string) *service {
	return &service{directory: directory}
}

func (s *service) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, maxBody+1))
	switch {
	case err != nil:
		return
	case len(body) > maxBody:
		answer(response, 413, failure("The request is too large."))
		return
	case request.Method != http.MethodPost:
		answer(response, 500, failure("Bad request."))
		return
	}
	// one thing at a time: the program takes no more
	s.one.Lock()
	defer s.one.Unlock()
	switch request.URL.Path {
	case "/init":
		answer(response, 0, s.init(body))
	case "/run":
		answer(response, 0, s.run(body))
	default:
		answer(response, 500, failure("Bad request."))
	}
}

type reply struct {
	status int
	body   []byte
}

func failure(text string) reply {
	body, _ := json.Marshal(map[string]string{"error": text})
	return reply{body: body}
}

func refusal(status int, text string) reply {
	given := failure(text)
	given.status = status
	return given
}

func (s *service) init(body []byte) reply {
	var message struct{ Value *initValue }
	if err := json.Unmarshal(body, &message); err != nil {
		return refusal(500, "Bad request.")
	}
	if s.program != nil || s.failed {
		return refused("Cannot initialize the action more than once.")
	}
	value := message.Value
	if value == nil || value.Code == "" {
		return refusal(403, "Missing main/no code to execute.")
	}
	file, launched, err := locate(s.directory, value)
	if err != nil {
		return s.unusable(err, "The action failed to generate or locate a binary. See logs for details.")
	}
	s.program, err = start(file, environment(value.Env), launched)
	if err != nil {
		return s.unusable(err, "Cannot start action. Check logs for details.")
	}
	return reply{200, []byte(`{"ok":true}`)}
}

func (s *service) unusable(err error, told string) reply {
	s.failed = true
	fmt.Fprintln(os.Stderr, err)
	endOutput()
	return refusal(502, told)
}

func (s *service) run(body []byte) reply {
	if s.program == nil {
		return refused("System not initialized.")
	}
	var line bytes.Buffer
	if err := json.Compact(&line, body); err != nil || line.Len() == 0 || line.Bytes()[0] != '{' {
		return refusal(500, "Bad request.")
	}
	result, err := s.program.run(line.Bytes())
	if err != nil {
		if !errors.Is(err, errExited) {
			fmt.Fprintln(os.Stderr, err)
		}
		endOutput()
		return refusal(400, "command exited")
	}
	endOutput()
	if !json.Valid(result) || (result[0] != '{' && result[0] != '[') {
		return refusal(502, "The action did not return a dictionary or array.")
	}
	return reply{200, result}
}

// refused is said in the output too.
func refused(text string) reply {
	fmt.Fprintln(os.Stderr, text)
	return refusal(403, text)
}

func answer(response http.ResponseWriter, status int, given reply) {
	if given.status == 0 {
		given.status = status
	}
	// an invoker takes an answer without its length for none
	response.Header().Set("Content-Length", strconv.Itoa(len(given.body)))
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(given.status)
	response.Write(given.body)
}

// endOutput tells a log reader that this activation's output is complete, on both streams.
func endOutput() {
	os.Stdout.WriteString(endOfActivation)
	os.Stderr.WriteString(endOfActivation)
}

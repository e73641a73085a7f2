// The go runtime: POST /init once, then POST /run, on a unix socket or on TCP port 8080. An action is a program that reads one line
// of JSON a run from its standard input and writes one line of JSON to file descriptor 3 (OpenWhisk's ActionLoop).
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
)

const port = "8080"

func main() {
	socket := os.Getenv("OPENWHISK_RUNTIME_SOCKET")
	lifeline := os.Getenv("OPENWHISK_RUNTIME_LIFELINE")
	directory, err := os.Getwd()
	if err == nil {
		err = serve(socket, lifeline, newService(directory))
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func serve(socket, lifeline string, handler http.Handler) error {
	network, address := "tcp", ":"+port
	if socket != "" {
		network, address = "unix", socket
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	if fd, err := strconv.Atoi(lifeline); err == nil {
		if err := holdLifeline(fd); err != nil {
			return err
		}
	}
	return http.Serve(listener, handler)
}

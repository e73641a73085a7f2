package main

import (
	"os"
	"syscall"
)

// holdLifeline takes a pipe held by the process that started this one. A byte goes out now that requests are welcome; its end means
// that the owner is gone, and then nobody is left to stop this process and what it started.
func holdLifeline(fd int) error {
	syscall.CloseOnExec(fd)
	pipe := os.NewFile(uintptr(fd), "lifeline")
	if _, err := pipe.Write([]byte("r")); err != nil {
		return err
	}
	go func() {
		buffer := make([]byte, 64)
		for {
			if n, err := pipe.Read(buffer); n == 0 || err != nil {
				syscall.Kill(-os.Getpid(), syscall.SIGKILL)
				os.Exit(1)
			}
		}
	}()
	return nil
}

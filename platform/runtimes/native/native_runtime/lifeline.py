"""A pipe held by the process that started this one."""

import os
import signal
import threading


def watch_lifeline(descriptor):
    """Says that requests are welcome, and ends this process group when the owner of the pipe is gone."""
    os.set_inheritable(descriptor, False)

    def watch():
        try:
            while os.read(descriptor, 1):
                pass
        except OSError:
            pass
        os.killpg(os.getpid(), signal.SIGKILL)

    os.write(descriptor, b"r")
    threading.Thread(target=watch, daemon=True).start()

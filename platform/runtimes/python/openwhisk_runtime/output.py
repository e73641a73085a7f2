"""Standard output and error: what an action printed is in the pipe when its result goes out."""

import os
import sys

END_OF_ACTIVATION = b"XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n"


def line_by_line():
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)


def flush_output():
    # an action may have put something else in place of these, or closed them
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # pylint: disable=broad-except
            pass


def write_end_of_activation():
    """The line that tells a log reader that this activation's output is complete, on both streams."""
    flush_output()
    for fd in (1, 2):
        try:
            os.write(fd, END_OF_ACTIVATION)
        except OSError:
            pass

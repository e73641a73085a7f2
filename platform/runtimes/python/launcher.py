"""Entry of the python runtime: POST /init once, then POST /run, on a unix socket or on TCP port 8080."""

import os
import sys

from openwhisk_runtime.http_server import HttpServer
from openwhisk_runtime.lifeline import watch_lifeline
from openwhisk_runtime.output import line_by_line
from openwhisk_runtime.service import ActionService


def main():
    line_by_line()
    # modules of the action must not meet those of the runtime
    sys.path.pop(0)
    # how the platform reaches this process is nothing an action may rely on
    socket_path = os.environ.pop("OPENWHISK_RUNTIME_SOCKET", None)
    lifeline = os.environ.pop("OPENWHISK_RUNTIME_LIFELINE", None)
    server = HttpServer(ActionService(os.getcwd()).handle, socket_path)
    if lifeline is not None:
        watch_lifeline(int(lifeline))
    server.serve()


main()

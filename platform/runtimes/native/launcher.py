"""Entry of the native runtime: POST /init once, then POST /run, on a unix socket or on TCP port 8080."""

import os

from native_runtime.lifeline import watch_lifeline
from native_runtime.server import listen
from native_runtime.service import ActionService


def main():
    # how the platform reaches this process is nothing an action may rely on
    socket_path = os.environ.pop("OPENWHISK_RUNTIME_SOCKET", None)
    lifeline = os.environ.pop("OPENWHISK_RUNTIME_LIFELINE", None)
    server = listen(ActionService(os.getcwd()).handle, socket_path)
    if lifeline is not None:
        watch_lifeline(int(lifeline))
    server.serve_forever()


main()

"""The action of this container. Status codes and texts are those of the python runtime of Apache OpenWhisk."""

import json
import os
import sys

from .loader import LoadError, load_action
from .output import write_end_of_activation

BAD_REQUEST = (500, b'{"error":"Bad request."}')


def error_answer(status, text):
    return status, json.dumps({"error": text}, separators=(",", ":")).encode()


def print_traceback():
    """Of the action's own frames: the first is the call in this file."""
    import traceback

    kind, error, frames = sys.exc_info()
    traceback.print_exception(kind, error, frames.tb_next if frames else None)


class ActionService:
    """One /init, then /run until the action ends its process."""

    def __init__(self, directory):
        self.directory = directory
        self.action = None
        self.failed = False
        # what was exported by the last run, so that only changes touch the process environment
        self.exported = {}

    def handle(self, path, body):
        if path == b"/run":
            handler = self.run
        elif path == b"/init":
            handler = self.init
        else:
            return BAD_REQUEST
        try:
            message = json.loads(body)
        except ValueError:
            return BAD_REQUEST
        return handler(message) if isinstance(message, dict) else BAD_REQUEST

    def init(self, message):
        if self.action is not None or self.failed:
            text = "Cannot initialize the action more than once."
            print(text, file=sys.stderr)
            return error_answer(403, text)
        value = message.get("value")
        if not isinstance(value, dict):
            value = {}
        env = value.get("env")
        for key, entry in (env if isinstance(env, dict) else {}).items():
            os.environ[key] = entry if isinstance(entry, str) else "" if entry is None else json.dumps(entry)
        try:
            self.action = load_action(value, self.directory)
        except LoadError as error:
            self.failed = True
            for note in error.notes:
                print(note, file=sys.stderr)
            write_end_of_activation()
            return error_answer(502, error.told)
        return 200, b'{"ok":true}'

    def run(self, message):
        if self.action is None:
            text = "System not initialized."
            print(text, file=sys.stderr)
            return error_answer(403, text)
        self.export_context(message)
        try:
            result = self.action(message.get("value", {}))
            status, answer = 200, None
        except SystemExit as stop:
            return self.exited(stop)
        except BaseException as error:  # pylint: disable=broad-except
            # an exception is an answer of the action: the container goes on
            print_traceback()
            status, answer = error_answer(200, str(error))
        if answer is None:
            status, answer = encode(result)
        write_end_of_activation()
        return status, answer

    def exited(self, stop):
        """The action asked for the end of its process: it runs no more, and whoever reads the answer ends the process."""
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
        self.action = None
        self.failed = True
        write_end_of_activation()
        return error_answer(400, "command exited")

    def export_context(self, message):
        """Everything beside the arguments becomes `__OW_<NAME>`."""
        exported = self.exported
        for key, value in message.items():
            if key == "value" or not isinstance(value, str) or exported.get(key) == value:
                continue
            exported[key] = value
            os.environ["__OW_" + key.upper()] = value


def encode(result):
    if not isinstance(result, (dict, list, tuple, type(None))):
        print(f"Result must be a dictionary or a list but is of type '{type(result).__name__}': {result!r}", file=sys.stderr)
        return error_answer(502, "The action did not return a dictionary or array.")
    try:
        text = json.dumps(result, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        print_traceback()
        return error_answer(200, str(error))
    try:
        return 200, text.encode()
    except UnicodeEncodeError:
        # half of a surrogate pair has no place in UTF-8, an escape holds it
        return 200, json.dumps(result, separators=(",", ":")).encode()

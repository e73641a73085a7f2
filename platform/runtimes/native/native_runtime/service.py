"""The action of this container. Status codes are those of Apache OpenWhisk's docker skeleton."""

import json
import os
import sys
import threading

from .executable import CodeError, install, run

END_OF_ACTIVATION = b"XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n"
NOT_LOCATED = "The action failed to generate or locate a binary. See logs for details."
NO_DICTIONARY = "The action did not return a dictionary or array."


def answer(status, text):
    return status, json.dumps({"error": text}, separators=(",", ":")).encode()


BAD_REQUEST = answer(500, "Bad request.")


class ActionService:
    """One /init, then one /run after the other."""

    def __init__(self, directory):
        self.directory = directory
        self.executable = None
        self.failed = False
        self.environment = dict(os.environ)
        self.one = threading.Lock()

    def handle(self, path, body):
        handler = {"/init": self.init, "/run": self.run}.get(path)
        try:
            message = json.loads(body)
        except ValueError:
            return BAD_REQUEST
        if handler is None or not isinstance(message, dict):
            return BAD_REQUEST
        with self.one:
            return handler(message)

    def init(self, message):
        if self.executable is not None or self.failed:
            return refused("Cannot initialize the action more than once.")
        value = message.get("value")
        code = value.get("code") if isinstance(value, dict) else None
        if not isinstance(code, str) or code == "":
            return answer(403, "Missing main/no code to execute.")
        env = value.get("env")
        for name, entry in (env if isinstance(env, dict) else {}).items():
            self.environment[name] = entry if isinstance(entry, str) else "" if entry is None else json.dumps(entry)
        try:
            self.executable = install(code, bool(value.get("binary")), os.path.join(self.directory, "code"))
        except (CodeError, OSError) as error:
            self.failed = True
            print(error, file=sys.stderr, flush=True)
            end_output()
            return answer(502, NOT_LOCATED)
        return 200, b'{"ok":true}'

    def run(self, message):
        if self.executable is None:
            return refused("System not initialized.")
        value = message.pop("value", {})
        context = {"__OW_" + name.upper(): entry for name, entry in message.items() if isinstance(entry, str)}
        arguments = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        try:
            result = run(self.executable, arguments, {**self.environment, **context})
        except OSError as error:
            # such as an executable for another machine, or a script whose interpreter is not here
            print(f"The action cannot be executed: {error}", file=sys.stderr, flush=True)
            result = b""
        end_output()
        try:
            parsed = json.loads(result)
        except ValueError:
            parsed = None
        return (200, result) if isinstance(parsed, (dict, list)) else answer(502, NO_DICTIONARY)


def refused(text):
    print(text, file=sys.stderr, flush=True)
    return answer(403, text)


def end_output():
    """Tells a log reader that this activation's output is complete, on both streams."""
    for descriptor in (1, 2):
        try:
            os.write(descriptor, END_OF_ACTIVATION)
        except OSError:
            pass

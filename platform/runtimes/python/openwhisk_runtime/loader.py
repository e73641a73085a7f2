"""Finds the function behind an action: source text, or a zip in base64."""

import os
import sys
import types

NOT_BUILT = "The action failed to generate or locate a binary. See logs for details."
NOT_STARTED = "Cannot start action. Check logs for details."
# unpacked size, against archives that are small only while packed
MAX_UNPACKED = 512 * 1024 * 1024
MAX_ENTRIES = 100_000
# never `__main__`: what a module does when it is run as a program it does not do here
MODULE = "main__"


class LoadError(Exception):
    """`told` goes to the client, `notes` to the log."""

    def __init__(self, told, *notes):
        super().__init__(told)
        self.told = told
        self.notes = notes


def load_action(value, directory):
    code = value.get("code")
    main = value.get("main") or "main"
    if not isinstance(code, str) or code == "":
        raise LoadError(NOT_BUILT, "Missing main/no code to execute.")
    if value.get("binary"):
        source, filename = unpack(code, directory)
    else:
        source, filename = code, os.path.join(directory, "__main__.py")
    sys.path.insert(0, os.getcwd())
    return find_main(run_module(source, filename), main)


def run_module(source, filename):
    try:
        compiled = compile(source, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        raise LoadError(NOT_BUILT, traceback_text(limit=0)) from None
    module = types.ModuleType(MODULE)
    module.__file__ = filename
    sys.modules[MODULE] = module
    show_source(source, filename)
    try:
        exec(compiled, module.__dict__)  # pylint: disable=exec-used
    except SystemExit:
        raise LoadError(NOT_STARTED, "Command exited abruptly during initialization.") from None
    except BaseException:  # pylint: disable=broad-except
        raise LoadError(NOT_STARTED, traceback_text(skip=1)) from None
    return module


def find_main(module, main):
    found = module
    for name in main.split("."):
        found = getattr(found, name, None)
    if not callable(found):
        raise LoadError(NOT_STARTED, f"The action has no function '{main}'.")
    return found


def show_source(source, filename):
    """Lets tracebacks show the lines of source text that is in no file."""
    if os.path.exists(filename):
        return
    import linecache

    text = source if isinstance(source, str) else source.decode("utf-8", "replace")
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)


def traceback_text(limit=None, skip=0):
    import traceback

    kind, error, frames = sys.exc_info()
    for _ in range(skip):
        frames = frames.tb_next if frames is not None else None
    return "".join(traceback.format_exception(kind, error, frames, limit=limit)).rstrip("\n")


def unpack(code, directory):
    """Extracts the archive, makes its directory the working directory, and gives the text and path of its main module."""
    import base64
    import binascii
    import io
    import zipfile

    root = os.path.join(directory, "action")
    try:
        archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(code)))
        extract(archive, root)
    except (zipfile.BadZipFile, binascii.Error, NotImplementedError, OSError, EOFError, RuntimeError, ValueError) as error:
        raise LoadError(NOT_BUILT, f"The action's zip archive cannot be unpacked: {error}") from None
    os.chdir(root)
    activate_virtualenv(os.path.join(root, "virtualenv"))
    for name in ("__main__.py", "exec", "main__.py"):
        filename = os.path.join(root, name)
        if os.path.isfile(filename):
            with open(filename, "rb") as file:
                return file.read(), filename
    raise LoadError(NOT_BUILT, "Zip file does not include __main__.py")


def extract(archive, root):
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise ValueError("it unpacks to more than is allowed.")
    os.makedirs(root, exist_ok=True)
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if entry.filename.startswith("/") or ".." in parts:
            raise ValueError(f"the name '{entry.filename}' leads outside of it.")
        # symbolic links come out as plain files, so no later entry can be led through one
        target = archive.extract(entry, root)
        if (entry.external_attr >> 16) & 0o111 and not entry.is_dir():
            os.chmod(target, 0o755)


def activate_virtualenv(path):
    """A folder `virtualenv` in the archive brings the action's packages."""
    if not os.path.isdir(path):
        return
    for script in ("bin/activate_this.py", "Scripts/activate_this.py"):
        file = os.path.join(path, script)
        if os.path.isfile(file):
            with open(file, "rb") as source:
                compiled = compile(source.read(), file, "exec", dont_inherit=True)
            try:
                exec(compiled, {"__file__": file, "__name__": "activate_this"})  # pylint: disable=exec-used
            except BaseException:  # pylint: disable=broad-except
                raise LoadError(NOT_BUILT, traceback_text(skip=1)) from None
            return
    # `python -m venv` writes no such script: what it would do is to add this folder
    packages = os.path.join(path, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
    if not os.path.isdir(packages):
        raise LoadError(NOT_BUILT, "Invalid virtualenv. Zip file does not include 'activate_this.py'.")
    import site

    before = len(sys.path)
    site.addsitedir(packages)
    sys.path[:] = sys.path[before:] + sys.path[:before]

"""An action that is a program: started anew for each run. Its last line of output is the result, the lines before are its log."""

import base64
import binascii
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import zipfile

# unpacked size, against archives that are small only while packed
MAX_UNPACKED = 512 * 1024 * 1024
MAX_ENTRIES = 100_000
# the longest last line that is held back as a result
MAX_RESULT = 64 * 1024 * 1024
# Linux takes no longer single argument; standard input has all of it
MAX_ARGUMENT = 128 * 1024 - 1


class CodeError(Exception):
    """Told in the log."""


def install(code, binary, root):
    """Brings the code to a file that can be executed: source text, a program, or an archive with `exec` at its root."""
    os.makedirs(root, exist_ok=True)
    executable = os.path.join(root, "exec")
    if not binary:
        # a script without a first line that says so is one of the shell
        write(executable, (code if code.startswith("#!") else "#!/bin/sh\n" + code).encode())
        return executable
    try:
        content = base64.b64decode(code, validate=True)
    except (binascii.Error, ValueError):
        raise CodeError("The code is not base64.") from None
    if content.startswith((b"\x7fELF", b"#!")):
        write(executable, content)
        return executable
    try:
        unpack(content, root)
    except (zipfile.BadZipFile, tarfile.TarError, NotImplementedError, OSError, EOFError, RuntimeError, ValueError) as error:
        raise CodeError(f"The action's archive cannot be unpacked: {error}") from None
    if not os.path.isfile(executable):
        raise CodeError("The archive has no executable 'exec' at its root.")
    os.chmod(executable, 0o755)
    return executable


def write(file, content):
    with open(file, "wb") as target:
        target.write(content)
    os.chmod(file, 0o755)


def unpack(content, root):
    if content.startswith(b"\x1f\x8b"):
        unpack_tar(content, root)
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        check([(entry.filename, entry.file_size) for entry in entries])
        for entry in entries:
            # symbolic links come out as plain files, so no later entry can be led through one
            target = archive.extract(entry, root)
            if (entry.external_attr >> 16) & 0o111 and not entry.is_dir():
                os.chmod(target, 0o755)


def unpack_tar(content, root):
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        entries = [entry for entry in archive.getmembers() if entry.isfile() or entry.isdir()]
        check([(entry.name, entry.size) for entry in entries])
        for entry in entries:
            entry.mode = 0o755 if entry.isdir() or entry.mode & 0o111 else 0o644
            archive.extract(entry, root, set_attrs=False)
            if entry.isfile():
                os.chmod(os.path.join(root, entry.name), entry.mode)


def check(entries):
    if len(entries) > MAX_ENTRIES or sum(size for _, size in entries) > MAX_UNPACKED:
        raise ValueError("it unpacks to more than is allowed.")
    for name, _ in entries:
        if name.startswith("/") or ".." in name.replace("\\", "/").split("/"):
            raise ValueError(f"the name '{name}' leads outside of it.")


def run(executable, arguments, environment):
    """Gives the last line; raises OSError when the program cannot be started."""
    given = arguments.encode("utf-8", "surrogatepass")
    command = [executable, arguments] if len(given) <= MAX_ARGUMENT else [executable]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=os.path.dirname(executable)
    )
    # a program may write before it reads, or never read
    feeder = threading.Thread(target=feed, args=(process.stdin, given), daemon=True)
    feeder.start()
    last = last_line(process.stdout)
    if process.wait() == -9:
        # it was killed, as for its memory: the invoker learns of that by the end of this process
        os._exit(137)
    result = last.strip()
    if not is_result(result) and last:
        sys.stdout.buffer.write(last if last.endswith(b"\n") else last + b"\n")
        sys.stdout.buffer.flush()
    return bytes(result)


def feed(stream, content):
    try:
        with stream:
            stream.write(content)
    except OSError:
        pass


def last_line(stream):
    """Passes all lines on but the last."""
    held = bytearray()
    with stream:
        while chunk := os.read(stream.fileno(), 65536):
            held += chunk
            end = held.rfind(b"\n", 0, len(held) - 1) + 1
            if len(held) - end > MAX_RESULT:
                end = len(held)
            if end > 0:
                sys.stdout.buffer.write(held[:end])
                sys.stdout.buffer.flush()
                del held[:end]
    return held


def is_result(line):
    if line[:1] not in (b"{", b"["):
        return False
    try:
        json.loads(line)
    except ValueError:
        return False
    return True

"""HTTP/1.1 as far as an invoker needs it: requests with a body, one after the other on kept-alive connections."""

import re
import select
import socket

MAX_HEAD = 64 * 1024
# code is at most 48 MB, which escaping for JSON can double
MAX_BODY = 128 * 1024 * 1024
REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.([01])(?:\r\n|$)")
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
CLOSE = re.compile(rb"\r\nconnection:[ \t]*close", re.IGNORECASE)
CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.IGNORECASE)
REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 413: "Payload Too Large", 500: "Internal Server Error", 502: "Bad Gateway"}


class BadRequest(Exception):
    """The connection cannot be followed any more."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


class HttpServer:
    """One request at a time, in the main thread: that is where an action expects to run."""

    def __init__(self, handle, socket_path):
        """`handle(path, body)` gives `(status, body)`, bytes both times."""
        self.handle = handle
        self.connections = {}
        self.poll = select.poll()
        if socket_path is None:
            self.listener = socket.create_server(("0.0.0.0", 8080), backlog=64)
        else:
            self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.listener.bind(socket_path)
            self.listener.listen(64)
        self.poll.register(self.listener, select.POLLIN)

    def serve(self):
        listening = self.listener.fileno()
        while True:
            for fd, _ in self.poll.poll():
                if fd == listening:
                    self.accept()
                else:
                    self.answer(self.connections[fd])

    def accept(self):
        connection, _ = self.listener.accept()
        if connection.family == socket.AF_INET:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections[connection.fileno()] = connection
        self.poll.register(connection, select.POLLIN)

    def answer(self, connection):
        try:
            request = read_request(connection)
            if request is None:
                self.drop(connection)
                return
            path, body, close = request
            status, result = self.handle(path, body)
        except BadRequest as error:
            close, status, result = True, error.status, b'{"error":"Bad request."}'
        except OSError:
            self.drop(connection)
            return
        head = f"HTTP/1.1 {status} {REASONS.get(status, '')}\r\nContent-Type: application/json\r\nContent-Length: {len(result)}\r\n"
        head += "Connection: close\r\n\r\n" if close else "\r\n"
        try:
            connection.sendall(head.encode() + result)
        except OSError:
            close = True
        if close:
            self.drop(connection)

    def drop(self, connection):
        fd = connection.fileno()
        self.poll.unregister(fd)
        del self.connections[fd]
        connection.close()


def read_request(connection):
    """`(path, body, close)`, or None when the other side has closed."""
    data = connection.recv(65536)
    if not data:
        return None
    end = data.find(b"\r\n\r\n")
    while end < 0:
        if len(data) > MAX_HEAD:
            raise BadRequest(400)
        data += receive(connection)
        end = data.find(b"\r\n\r\n")
    head = data[:end]
    line = REQUEST_LINE.match(head)
    if not line:
        raise BadRequest(400)
    method, path, minor = line.groups()
    close = minor == b"0" or CLOSE.search(head) is not None
    if CONTINUE.search(head):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    length = LENGTH.search(head)
    if length:
        body = read_body(connection, data[end + 4 :], int(length.group(1)))
    elif CHUNKED.search(head):
        body = read_chunks(connection, data[end + 4 :])
    else:
        body = b""
    # anything but a POST is answered like an unknown path
    return (path if method == b"POST" else b""), body, close


def receive(connection):
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("closed within a request")
    return data


def read_body(connection, start, length):
    if len(start) == length:
        return start
    if length > MAX_BODY:
        raise BadRequest(413)
    body = bytearray(length)
    at = min(len(start), length)
    body[:at] = start[:at]
    with memoryview(body) as view:
        while at < length:
            count = connection.recv_into(view[at:])
            if count == 0:
                raise ConnectionError("closed within a request")
            at += count
    return bytes(body)


def read_chunks(connection, data):
    body = bytearray()
    while True:
        while b"\r\n" not in data:
            data += receive(connection)
        line, data = data.split(b"\r\n", 1)
        size = line.split(b";", 1)[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size):
            raise BadRequest(400)
        length = int(size, 16)
        if len(body) + length > MAX_BODY:
            raise BadRequest(413)
        if length == 0:
            skip_trailers(connection, data)
            return bytes(body)
        while len(data) < length + 2:
            data += receive(connection)
        body += data[:length]
        data = data[length + 2 :]


def skip_trailers(connection, data):
    while not (data.startswith(b"\r\n") or b"\r\n\r\n" in data):
        if len(data) > MAX_HEAD:
            raise BadRequest(400)
        data += receive(connection)


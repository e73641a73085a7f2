"""HTTP as far as an invoker needs it, on the standard library's server."""

import http.server
import socketserver

# code is at most 48 MB, which escaping for JSON can double
MAX_BODY = 128 * 1024 * 1024


class TcpServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self):
        # not by the parent's way, which looks up the name of this host
        socketserver.TCPServer.server_bind(self)


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def listen(handle, socket_path):
    """`handle(path, body)` gives status and body of the answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = socket_path is None

        def do_POST(self):
            try:
                length = int(self.headers.get("Content-Length") or 0)
            except ValueError:
                length = -1
            if length < 0 or length > MAX_BODY:
                self.close_connection = True
                self.answer(413 if length > MAX_BODY else 400, b'{"error":"Bad request."}')
                return
            self.answer(*handle(self.path, self.rfile.read(length)))

        def answer(self, status, body):
            self.send_response_only(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_given):
            """The output belongs to the action."""

    if socket_path is None:
        return TcpServer(("0.0.0.0", 8080), Handler)
    return UnixServer(socket_path, Handler)

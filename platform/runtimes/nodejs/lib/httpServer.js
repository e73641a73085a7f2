const net = require('node:net');

const maxHead = 64 * 1024;
/** Code is at most 48 MB, which escaping for JSON can double. */
const maxBody = 128 * 1024 * 1024;
const headEnd = Buffer.from('\r\n\r\n');
const reasons = {
  200: 'OK',
  400: 'Bad Request',
  403: 'Forbidden',
  413: 'Payload Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
};

/**
 * HTTP/1.1 as far as an invoker needs it: requests with a body, one after the other on kept-alive connections. Written on
 * the bare socket because the call into an action is the hottest path there is.
 */
class HttpServer {
  /** `handle(path, body, answer)`; `answer(status, text)` is called once a request. */
  constructor(handle) {
    this.server = net.createServer({ noDelay: true }, (socket) => new Connection(socket, handle));
  }

  listen(address, ready) {
    this.server.listen(address, ready);
  }
}

class Connection {
  constructor(socket, handle) {
    this.socket = socket;
    this.handle = handle;
    /** Received and not yet used. */
    this.chunks = [];
    this.received = 0;
    /** Bytes at which it is worth looking again: the size of the request once its head is known. */
    this.wanted = 1;
    this.head = undefined;
    this.busy = false;
    this.refused = false;
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', () => socket.destroy());
  }

  take(chunk) {
    if (this.refused) return;
    this.chunks.push(chunk);
    this.received += chunk.length;
    if (this.received > maxHead + maxBody) this.socket.destroy();
    if (!this.busy && this.received >= this.wanted) this.advance();
  }

  advance() {
    const bytes = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    if (!this.head) {
      const end = bytes.indexOf(headEnd);
      if (end < 0) {
        this.keep(bytes);
        if (bytes.length > maxHead) this.refuse(400, 'Bad request.');
        return;
      }
      this.head = parseHead(bytes.latin1Slice(0, end), end + headEnd.length);
      if (!this.head || this.head.length > maxBody) {
        this.refuse(this.head ? 413 : 400, this.head ? 'The request is too large.' : 'Bad request.');
        return;
      }
      if (this.head.expectsContinue) this.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    }
    const { head } = this;
    if (head.chunked) {
      this.advanceChunked(bytes);
      return;
    }
    const end = head.start + head.length;
    if (bytes.length < end) {
      this.keep(bytes);
      this.wanted = end;
      return;
    }
    this.request(bytes.utf8Slice(head.start, end), bytes, end);
  }

  advanceChunked(bytes) {
    const found = decodeChunks(bytes, this.head.start);
    if (found === 'bad' || bytes.length > maxBody) {
      this.refuse(found === 'bad' ? 400 : 413, found === 'bad' ? 'Bad request.' : 'The request is too large.');
    } else if (!found) {
      this.keep(bytes);
      this.wanted = bytes.length + 1;
    } else {
      this.request(found.body, bytes, found.end);
    }
  }

  keep(bytes) {
    if (this.chunks.length !== 1) this.chunks = [bytes];
  }

  request(body, bytes, end) {
    const { head } = this;
    this.head = undefined;
    this.wanted = 1;
    this.received = bytes.length - end;
    this.chunks = this.received > 0 ? [bytes.subarray(end)] : [];
    this.busy = true;
    this.handle(head.path, body, (status, text) => this.answer(status, text, head.close));
  }

  answer(status, text, close) {
    const length = Buffer.byteLength(text);
    const message =
      `HTTP/1.1 ${status} ${reasons[status] ?? ''}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n` +
      `${close ? 'Connection: close\r\n' : ''}\r\n${text}`;
    this.socket.write(message, length === text.length ? 'latin1' : 'utf8');
    if (close) {
      this.socket.end();
      return;
    }
    this.busy = false;
    if (this.received >= this.wanted) this.advance();
  }

  refuse(status, error) {
    this.refused = true;
    this.chunks = [];
    this.answer(status, JSON.stringify({ error }), true);
  }
}

const lengthField = /\r\ncontent-length:[ \t]*(\d+)/i;

function parseHead(text, start) {
  const line = /^POST (\S+) HTTP\/1\.([01])(?:\r\n|$)/.exec(text);
  // anything but a POST is answered like an unknown path
  const other = line ? undefined : /^[A-Z]+ \S+ HTTP\/1\.([01])(?:\r\n|$)/.exec(text);
  if (!line && !other) return undefined;
  const found = lengthField.exec(text);
  return {
    path: line ? line[1] : '',
    start,
    length: found ? Number(found[1]) : 0,
    chunked: !found && /\r\ntransfer-encoding:[ \t]*chunked/i.test(text),
    close: (line ? line[2] : other[1]) === '0' || /\r\nconnection:[ \t]*close/i.test(text),
    expectsContinue: /\r\nexpect:[ \t]*100-continue/i.test(text),
  };
}

/** `{body, end}` when the last chunk is there, undefined when more must come, 'bad' when it is no chunked body. */
function decodeChunks(bytes, start) {
  const parts = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return bytes.length - at > 1024 ? 'bad' : undefined;
    const size = /^([0-9a-f]{1,8})(?:[; \t]|$)/i.exec(bytes.latin1Slice(at, lineEnd));
    if (!size) return 'bad';
    const length = Number.parseInt(size[1], 16);
    at = lineEnd + 2;
    if (length === 0) {
      // trailers are skipped: an empty line ends them
      for (;;) {
        const end = bytes.indexOf('\r\n', at);
        if (end < 0) return undefined;
        if (end === at) return { body: Buffer.concat(parts).toString('utf8'), end: end + 2 };
        at = end + 2;
      }
    }
    if (bytes.length < at + length + 2) return undefined;
    parts.push(bytes.subarray(at, at + length));
    at += length + 2;
  }
}

module.exports = { HttpServer };

const fs = require('node:fs');
const { Writable } = require('node:stream');

const endOfActivation = Buffer.from('XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n');
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of it before it returns: what an action printed is in the pipe when its result goes out. */
function writeFully(fd, bytes) {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += fs.writeSync(fd, bytes, at);
    } catch (error) {
      // a child process of the action may have switched the shared pipe to non-blocking
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

class SynchronousOutput extends Writable {
  constructor(fd) {
    super({ decodeStrings: true });
    this.fd = fd;
  }

  _write(chunk, _encoding, done) {
    try {
      writeFully(this.fd, chunk);
    } catch {
      // nobody reads any more; the action goes on, as it does where stdout is a closed pipe
    }
    done();
  }

  /** As node's own: standard output cannot be closed by the program. */
  end(...given) {
    if (given.length > 0 && typeof given[0] !== 'function') this.write(...given);
    return this;
  }

  destroy() {
    return this;
  }
}

function takeOverOutput() {
  const streams = { stdout: new SynchronousOutput(1), stderr: new SynchronousOutput(2) };
  for (const [name, stream] of Object.entries(streams)) {
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stream });
  }
}

/** The line that tells a log reader that this activation's output is complete, on both streams. */
function writeEndOfActivation() {
  try {
    writeFully(1, endOfActivation);
    writeFully(2, endOfActivation);
  } catch {
    // the reader is gone or the action closed its streams: the answer still counts
  }
}

module.exports = { takeOverOutput, writeEndOfActivation };

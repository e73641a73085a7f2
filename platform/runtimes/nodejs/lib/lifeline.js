const net = require('node:net');

/**
 * A pipe held by the process that started this one. A byte goes out when requests are welcome; its end means that the
 * owner is gone, and then nobody is left to stop this process and what it started.
 */
function readLifeline(fd) {
  const pipe = new net.Socket({ fd, readable: true, writable: true });
  const ownerGone = () => {
    try {
      process.kill(-process.pid, 'SIGKILL');
    } finally {
      process.exit(1);
    }
  };
  pipe.on('error', ownerGone);
  pipe.on('end', ownerGone);
  pipe.resume();
  return () => {
    pipe.write('r');
    pipe.unref();
  };
}

module.exports = { readLifeline };

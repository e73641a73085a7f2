const path = require('node:path');

const runtimeRoot = path.join(__dirname, '..');

/** The error with a stack that begins with its message and shows the action's code, not the runtime that called it. */
function withoutRuntimeFrames(error) {
  if (typeof error?.stack !== 'string') return error;
  const lines = error.stack.split('\n');
  // node puts an excerpt of the file before the message of a syntax error
  const first = error instanceof SyntaxError ? Math.max(0, lines.indexOf(`${error.name}: ${error.message}`)) : 0;
  const syntax = error instanceof SyntaxError;
  const shown = lines.slice(first).filter((line) => !line.includes(runtimeRoot) && !(syntax && line.includes('(node:internal/')));
  try {
    error.stack = shown.join('\n');
  } catch {
    // a frozen error keeps what it has
  }
  return error;
}

/** Where in the source a syntax error is: the lines node puts before its message. */
function excerptOf(error) {
  return String(error.stack).split(`\n${error.name}: `, 1)[0].trimEnd();
}

module.exports = { excerptOf, withoutRuntimeFrames };

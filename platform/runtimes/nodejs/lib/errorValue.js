const maxDepth = 16;

/** JSON for what an action rejected with. Errors show name, message and stack, which JSON.stringify would leave out. */
function errorValue(reason) {
  return convert(reason, [], 0);
}

function convert(value, parents, depth) {
  if (typeof value === 'function') return `[Function: ${value.name || 'anonymous'}]`;
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object') return value;
  if (parents.includes(value)) return '[Circular]';
  if (depth >= maxDepth) return '[Object]';
  if (Buffer.isBuffer(value)) return '[object Buffer]';
  if (typeof value.toJSON === 'function') return value.toJSON();
  const inner = [...parents, value];
  if (Array.isArray(value)) return value.map((entry) => convert(entry, inner, depth + 1));
  const result = {};
  if (value instanceof Error) {
    for (const key of ['name', 'message', 'stack', 'cause', 'errors']) {
      if (value[key] !== undefined) result[key] = convert(value[key], inner, depth + 1);
    }
  }
  for (const [key, entry] of Object.entries(value)) {
    if (typeof entry !== 'function') result[key] = convert(entry, inner, depth + 1);
  }
  return result;
}

module.exports = { errorValue };

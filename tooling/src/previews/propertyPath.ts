/** The parts of a property path as the engine writes it: `limits.memory`, `parameters["a.b"]`, `components[2]`. */
export function parsePropertyPath(path: string): (string | number)[] {
  const parts: (string | number)[] = [];
  const token = /\.?([^.[\]]+)|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]/gy;
  while (token.lastIndex < path.length) {
    const match = token.exec(path);
    // Not of this form: the whole of it is one name.
    if (match === null) return [path];
    if (match[3] !== undefined) parts.push(Number(match[3]));
    else parts.push(match[1] ?? match[2]!.replace(/\\(.)/g, '$1'));
  }
  return parts;
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}

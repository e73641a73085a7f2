/** Where a property sits inside a resource: map keys and list positions from the outside in. */
export type PropertyPath = readonly (string | number)[];

/** The text form engines and people read: `limits.memory`, `parameters["a.b"]`, `components[2]`. */
export function formatPropertyPath(path: PropertyPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (!/^[A-Za-z_$][\w$]*$/.test(part)) text += `["${part.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

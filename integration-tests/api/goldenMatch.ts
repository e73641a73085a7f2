/** Patterns of golden cases; see integration-tests/golden/README.md. */
const patterns: Record<string, (value: unknown) => boolean> = {
  $id32: (v) => typeof v === 'string' && /^[0-9a-f]{32}$/.test(v),
  $uuid: (v) => typeof v === 'string' && /^[0-9a-f-]{36}$/.test(v),
  $tid: (v) => typeof v === 'string' && /^[A-Za-z0-9]{32}$/.test(v),
  $ms: (v) => Number.isInteger(v) && (v as number) > 1.5e12,
  $int: Number.isInteger,
  $num: (v) => typeof v === 'number',
  $str: (v) => typeof v === 'string',
  $bool: (v) => typeof v === 'boolean',
  $any: () => true,
};

type Dictionary = Record<string, unknown>;

const isObject = (v: unknown): v is Dictionary => typeof v === 'object' && v !== null && !Array.isArray(v);
const show = (v: unknown) => (JSON.stringify(v) ?? 'nothing').slice(0, 300);

/** What differs, each with its place; empty when `got` is as wanted. */
export function differences(want: unknown, got: unknown, at = 'body'): string[] {
  if (typeof want === 'string' && want.startsWith('$re:')) {
    return typeof got === 'string' && new RegExp(want.slice(4), 's').test(got)
      ? []
      : [`${at}: ${show(got)} does not match ${want.slice(4)}`];
  }
  if (typeof want === 'string' && Object.hasOwn(patterns, want)) {
    return got !== undefined && patterns[want]!(got) ? [] : [`${at}: ${show(got)} is no ${want}`];
  }
  if (isObject(want) && '$unordered' in want) return unordered(want.$unordered as unknown[], got, at);
  if (isObject(want) && '$contains' in want) return contains(want.$contains, got, at);
  if (Array.isArray(want)) {
    if (!Array.isArray(got) || got.length !== want.length) return [`${at}: wanted ${show(want)}, got ${show(got)}`];
    return want.flatMap((w, i) => differences(w, got[i], `${at}[${i}]`));
  }
  if (isObject(want)) return members(want, got, at);
  return want === got ? [] : [`${at}: wanted ${show(want)}, got ${show(got)}`];
}

function unordered(want: unknown[], got: unknown, at: string): string[] {
  if (!Array.isArray(got) || got.length !== want.length) return [`${at}: wanted ${want.length} items, got ${show(got)}`];
  const left = [...got];
  for (const item of want) {
    const i = left.findIndex((g) => differences(item, g).length === 0);
    if (i < 0) return [`${at}: nothing like ${show(item)} in ${show(got)}`];
    left.splice(i, 1);
  }
  return [];
}

function contains(want: unknown, got: unknown, at: string): string[] {
  if (Array.isArray(want)) {
    return want.flatMap((w) =>
      Array.isArray(got) && got.some((g) => differences(w, g).length === 0) ? [] : [`${at}: nothing like ${show(w)} in ${show(got)}`],
    );
  }
  return Object.entries(want as Dictionary).flatMap(([k, w]) => differences(w, (got as Dictionary | undefined)?.[k], `${at}.${k}`));
}

function members(want: Dictionary, got: unknown, at: string): string[] {
  if (!isObject(got)) return [`${at}: wanted an object, got ${show(got)}`];
  return [...new Set([...Object.keys(want), ...Object.keys(got)])].flatMap((k) => {
    if (!(k in want)) return [`${at}.${k}: not expected: ${show(got[k])}`];
    if (!(k in got)) return [`${at}.${k}: missing`];
    return differences(want[k], got[k], `${at}.${k}`);
  });
}

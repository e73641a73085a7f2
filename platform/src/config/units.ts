export type Parser<T> = (text: string) => T;

export const parseText: Parser<string> = (text) => text;

/** Comma separated. */
export const parseNames: Parser<readonly string[]> = (text) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** `key=value`, comma separated. */
export const parseLabels: Parser<Readonly<Record<string, string>>> = (text) =>
  Object.fromEntries(
    parseNames(text).map((label) => {
      const [, key, value] = /^([^=]+)=([^=]*)$/.exec(label) ?? [];
      if (key === undefined) throw new Error(`'${label}' is not a label such as 'key=value'.`);
      return [key.trim(), value!.trim()];
    }),
  );

/** Zero or more, with a point. */
export const parseFactor: Parser<number> = (text) => {
  if (!/^\d+(\.\d+)?$/.test(text.trim())) throw new Error(`'${text}' is not a number such as '1.5'.`);
  return Number(text);
};

export const parseInteger: Parser<number> = (text) => {
  if (!/^-?\d+$/.test(text.trim())) throw new Error(`'${text}' is not a whole number.`);
  return Number(text);
};

export const parseBoolean: Parser<boolean> = (text) => {
  if (!/^(true|false)$/.test(text.trim())) throw new Error(`'${text}' is neither true nor false.`);
  return text.trim() === 'true';
};

const durationUnits: Record<string, number> = {
  ms: 1,
  millisecond: 1,
  milliseconds: 1,
  '': 1,
  s: 1000,
  second: 1000,
  seconds: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
};

/** `60 s`, `5 m`, `100 ms`; a bare number is milliseconds. Gives ms. */
export const parseDuration: Parser<number> = (text) => {
  const found = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/.exec(text.trim().toLowerCase());
  const unit = durationUnits[found?.[2] ?? '?'];
  if (!found || unit === undefined) throw new Error(`'${text}' is not a duration such as '60 s' or '5 m'.`);
  return Math.round(Number(found[1]) * unit);
};

const sizeUnits: Record<string, number> = {
  '': 1,
  b: 1,
  k: 1024,
  kb: 1024,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1024 ** 3,
};

/** `256 m`, `1048576 B`, `48 MB`; a bare number is bytes. Gives bytes. */
export const parseSize: Parser<number> = (text) => {
  const found = /^(\d+)\s*([a-z]*)$/.exec(text.trim().toLowerCase());
  const unit = sizeUnits[found?.[2] ?? '?'];
  if (!found || unit === undefined) throw new Error(`'${text}' is not a size such as '256 m' or '1048576 B'.`);
  return Number(found[1]) * unit;
};

/** As `parseSize`, in MB. */
export const parseMegabytes: Parser<number> = (text) => parseSize(text) / 1024 ** 2;

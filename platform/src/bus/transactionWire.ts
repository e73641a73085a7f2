/** Id and start of a request: `[id, epoch ms]`, then `true` for extra logging, then a parent that is passed over. */
export interface Transaction {
  id: string;
  /** epoch ms */
  start: number;
  extraLogging: boolean;
}

export function encodeTransaction(id: string, start: number, extraLogging = false): string {
  return `[${JSON.stringify(id)},${start}${extraLogging ? ',true' : ''}]`;
}

export function decodeTransaction(text: string | undefined): Transaction {
  const parts: unknown = text === undefined ? undefined : JSON.parse(text);
  if (!Array.isArray(parts) || typeof parts[0] !== 'string') throw new TypeError(`A message without a usable 'transid'.`);
  return { id: parts[0], start: typeof parts[1] === 'number' ? parts[1] : 0, extraLogging: parts[2] === true };
}

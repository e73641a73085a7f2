/** Whether an `Accept` header allows a media type. A header that cannot be read, or is empty, allows everything. */
export function accepts(header: string | undefined, type: string): boolean {
  if (header === undefined || header === '' || header === '*/*') return true;
  let specificity = -1;
  let quality = 0;
  let readable = false;
  const family = `${type.slice(0, type.indexOf('/'))}/*`;
  for (const part of header.split(',')) {
    const [range = '', ...parameters] = part.split(';').map((p) => p.trim().toLowerCase());
    if (!/^[^/\s]+\/[^/\s]+$/.test(range)) continue;
    readable = true;
    const rank = range === type ? 2 : range === family ? 1 : range === '*/*' ? 0 : -1;
    if (rank <= specificity) continue;
    specificity = rank;
    const q = parameters.find((p) => p.startsWith('q='));
    quality = q === undefined ? 1 : Number(q.slice(2));
  }
  return !readable || quality > 0;
}

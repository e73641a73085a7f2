/**
 * Rendezvous hashing: each invoker has a score for each key and the highest wins. All controllers compute the same; when an invoker
 * comes, only the keys that it wins move, when one goes, only its own do.
 */

const { imul } = Math;

/** FNV-1a of a text, 32 bit. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** Score of the invoker with hash `invoker` for a key with hash `key`: 32 bit, unsigned. */
export function score(key: number, invoker: number): number {
  return mix(key ^ imul(invoker, 0x9e3779b1));
}

/** The finaliser of MurmurHash3: every bit of the input reaches every bit of the output. */
function mix(hash: number): number {
  let h = hash;
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

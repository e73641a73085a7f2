import { UNKNOWN, type Value } from './values';

/** The version an entity gets: `0.0.1` when it is created, one patch more with every update (rest-api.md, "Namespaces, names, versions"). */
export function predictedVersion(old: Value | undefined): Value {
  if (old === undefined) return '0.0.1';
  const parts = typeof old === 'string' ? /^(\d+)\.(\d+)\.(\d+)$/.exec(old) : null;
  return parts === null ? UNKNOWN : `${parts[1]}.${parts[2]}.${Number(parts[3]) + 1}`;
}

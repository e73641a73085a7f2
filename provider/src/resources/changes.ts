import { sameValue } from './equality';
import type { PropertyPath } from './propertyPath';
import type { PropertyChange } from './resourceModel';
import { isValueMap, reveal, Unknown, type Value, type ValueMap } from './values';

/** Collects what differs between the deployed and the wanted inputs of one resource. */
export class Changes {
  readonly list: PropertyChange[] = [];

  constructor(private readonly ignored: ReadonlySet<string>) {}

  /** One property compared as a whole; an absent value counts as `fallback`. */
  value(property: string, old: Value | undefined, wanted: Value | undefined, options: { fallback?: Value; replace?: boolean } = {}): void {
    if (this.ignored.has(property) || this.ignored.has('*')) return;
    const before = present(old) ?? options.fallback;
    const after = present(wanted) ?? options.fallback;
    if (before === undefined && after === undefined) return;
    if (before !== undefined && after !== undefined && sameValue(before, after)) return;
    this.add([property], present(old), present(wanted), options.replace);
  }

  /** A map compared entry by entry; no map and an empty one are the same, and so is an absent entry and its fallback. */
  map(property: string, old: Value | undefined, wanted: Value | undefined, options: { fallbacks?: ValueMap } = {}): void {
    if (this.ignored.has(property) || this.ignored.has('*')) return;
    const before = reveal(old);
    const after = reveal(wanted);
    if (before instanceof Unknown || after instanceof Unknown) {
      this.add([property], old, wanted);
      return;
    }
    const oldMap = isValueMap(before) ? before : {};
    const newMap = isValueMap(after) ? after : {};
    for (const key of [...new Set([...Object.keys(oldMap), ...Object.keys(newMap)])].sort()) {
      const fallback = options.fallbacks?.[key];
      const oldValue = Object.hasOwn(oldMap, key) ? oldMap[key] : undefined;
      const newValue = Object.hasOwn(newMap, key) ? newMap[key] : undefined;
      // With fallbacks null is a way to leave an entry out; in other maps it is a value.
      const left = fallback === undefined ? oldValue : (present(oldValue) ?? fallback);
      const right = fallback === undefined ? newValue : (present(newValue) ?? fallback);
      if (left !== undefined && right !== undefined && sameValue(left, right)) continue;
      this.add([property, key], oldValue, newValue);
    }
  }

  private add(path: PropertyPath, old: Value | undefined, wanted: Value | undefined, replace?: boolean): void {
    const kind = old === undefined ? 'add' : wanted === undefined ? 'delete' : 'update';
    this.list.push({ path, kind, ...(replace ? { replace } : {}) });
  }
}

/** `null` at the top of a resource means the same as absence. */
function present(value: Value | undefined): Value | undefined {
  return reveal(value) === null ? undefined : value;
}

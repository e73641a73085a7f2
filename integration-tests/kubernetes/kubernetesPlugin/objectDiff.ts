import { PropertyDiff } from '@pulumi/pulumi/proto/provider_pb';
import { sameValue } from '../../../provider/src/resources/equality';
import { formatPropertyPath } from '../../../provider/src/resources/propertyPath';
import { isValueMap, reveal, type Value, type ValueMap } from '../../../provider/src/resources/values';
import { isAutonamed } from './checkedInputs';
import type { Kind } from './kinds';

type Path = (string | number)[];

interface Change {
  path: Path;
  kind: 'add' | 'delete' | 'update';
}

/** Fields of a kind that can't be changed in an object that is there; besides its name and namespace. */
const IMMUTABLE: Readonly<Record<string, readonly string[]>> = {
  'v1 ConfigMap': ['data', 'binaryData'],
  'v1 Secret': ['data', 'stringData', 'type'],
  'v1 Service': ['spec.clusterIP'],
  'v1 PersistentVolumeClaim': ['spec.accessModes', 'spec.selector', 'spec.storageClassName', 'spec.volumeName'],
  'v1 Pod': ['spec'],
  'apps/v1 DaemonSet': ['spec.selector'],
  'apps/v1 Deployment': ['spec.selector'],
  'apps/v1 StatefulSet': ['podManagementPolicy', 'revisionHistoryLimit', 'selector', 'serviceName', 'volumeClaimTemplates'].map(
    (field) => `spec.${field}`,
  ),
  'batch/v1 Job': ['spec.completions', 'spec.parallelism', 'spec.selector', 'spec.template'],
  'rbac.authorization.k8s.io/v1 RoleBinding': ['roleRef'],
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': ['roleRef'],
  'storage.k8s.io/v1 StorageClass': ['parameters', 'provisioner'],
};

export interface ObjectDiff {
  /** By property path. */
  properties: ReadonlyMap<string, PropertyDiff>;
  replaces: readonly string[];
  deleteBeforeReplace: boolean;
}

/** What is between inputs and those that an object was last made of, or read as. */
export function objectDiff({ apiVersion, kind }: Kind, before: ValueMap, after: ValueMap): ObjectDiff {
  const immutable = ['metadata.name', 'metadata.namespace', ...(IMMUTABLE[`${apiVersion} ${kind}`] ?? [])];
  const properties = new Map<string, PropertyDiff>();
  const replaces: string[] = [];
  for (const change of changesBetween([], before, after)) {
    const fields = change.path.filter((part) => typeof part === 'string').join('.');
    // one that is gone or new as a whole takes its fields with it
    const replaced = immutable.some((field) => `${fields}.`.startsWith(`${field}.`) || `${field}.`.startsWith(`${fields}.`));
    const path = formatPropertyPath(change.path);
    const diff = new PropertyDiff();
    diff.setKind(diffKind(change.kind, replaced));
    diff.setInputdiff(true);
    properties.set(path, diff);
    if (replaced) replaces.push(path);
  }
  const [old, wanted] = [before.metadata, after.metadata];
  const taken =
    isValueMap(old) &&
    isValueMap(wanted) &&
    !isAutonamed(wanted) &&
    sameValue(old.name, wanted.name) &&
    sameValue(old.namespace ?? '', wanted.namespace ?? '');
  return { properties, replaces, deleteBeforeReplace: replaces.length > 0 && taken };
}

function changesBetween(path: Path, oldValue: Value | undefined, newValue: Value | undefined): Change[] {
  const before = reveal(oldValue);
  const after = reveal(newValue);
  if (before === undefined && after === undefined) return [];
  if (before === undefined) return [{ path, kind: 'add' }];
  if (after === undefined) return [{ path, kind: 'delete' }];
  if (sameValue(before, after)) return [];
  if (isValueMap(before) && isValueMap(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)].filter((name) => !name.startsWith('__')));
    return [...names].flatMap((name) => changesBetween([...path, name], before[name], after[name]));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => changesBetween([...path, index], before[index], after[index])).flat();
  }
  return [{ path, kind: 'update' }];
}

function diffKind(kind: Change['kind'], replaced: boolean): PropertyDiff.Kind {
  const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = PropertyDiff.Kind;
  if (kind === 'add') return replaced ? ADD_REPLACE : ADD;
  if (kind === 'delete') return replaced ? DELETE_REPLACE : DELETE;
  return replaced ? UPDATE_REPLACE : UPDATE;
}

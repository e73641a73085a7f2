import type { ActionLimits, Exec } from './exec';
import type { KeyValue, Parameter } from './parameters';

export type EntityCollection = 'actions' | 'triggers' | 'rules' | 'packages';

interface EntityBase {
  /** `ns`, or `ns/pkg` for an action in a package. */
  namespace: string;
  name: string;
  version: string;
  publish: boolean;
  annotations: KeyValue[];
  /** Epoch ms of the last write. */
  updated: number;
}

export interface ActionDocument extends EntityBase {
  type: 'actions';
  exec: Exec;
  parameters: Parameter[];
  limits: ActionLimits;
}

/** A reference inside another entity. */
export interface PathName {
  path: string;
  name: string;
}

export type RuleStatus = 'active' | 'inactive';

export interface TriggerDocument extends EntityBase {
  type: 'triggers';
  parameters: Parameter[];
  /** By `ns/rule`; absent until the first rule refers to the trigger. */
  rules?: Record<string, { action: PathName; status: RuleStatus }>;
}

export interface RuleDocument extends EntityBase {
  type: 'rules';
  trigger: PathName;
  action: PathName;
}

export interface PackageDocument extends EntityBase {
  type: 'packages';
  parameters: Parameter[];
  /** Set on a package binding. */
  binding?: { namespace: string; name: string };
}

export type EntityDocument = ActionDocument | TriggerDocument | RuleDocument | PackageDocument;

/** Id of a document: `ns/[pkg/]name`. */
export function documentId(path: string, name: string): string {
  return `${path}/${name}`;
}

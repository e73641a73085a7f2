/** An object of a cluster, as its API takes it; but that some texts in it are known only when it is rendered. */
export interface Manifest {
  /** Unique in the plan. */
  key: string;
  apiVersion: string;
  kind: string;
  /** Absent: the engine chooses a name that nobody has, a new one for each content. */
  name?: string;
  labels: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  /** Everything beside kind and metadata. */
  body: Readonly<Record<string, unknown>>;
  /** Seconds until it must work, made or changed. Default: as the provider has it. */
  patience?: { create: number; update: number };
  /** Left where it is when the platform is removed. Default: false. */
  retain?: boolean;
  /** Keys of what must be there, and work, before it is made. */
  after: readonly string[];
}

/** The name of another manifest's object. */
export interface NameOf {
  $nameOf: string;
}
/** The value of a generated secret. */
export interface Generated {
  $generated: string;
}
/** A text that must not be shown. */
export interface Hidden {
  $hidden: string;
}

export const PLATFORM_LABEL = 'openwhisk.platform';
export const SERVICE_LABEL = 'openwhisk.service';
/** What an invoker puts on the pods of actions, as OpenWhisk does. */
export const ACTION_LABEL = 'user-action-pod';
/** Key of the namespace, in which all others are. */
export const NAMESPACE = 'namespace';

/** A path as the key of an object's data. */
export function fileKey(path: string): string {
  return path.replace(/^\/+/, '').replaceAll('/', '_');
}

/** Shapes on the wire of the REST API, as far as the provider reads or writes them. */
export type WireJson = null | boolean | number | string | WireJson[] | { [key: string]: WireJson };

export interface WireKeyValue {
  key: string;
  value: WireJson;
  /** A parameter that is handed to the action at `/init` only. */
  init?: boolean;
}

export interface WireExec {
  kind: string;
  code?: string;
  binary?: boolean;
  main?: string;
  image?: string;
  components?: string[];
}

export interface WireLimits {
  /** ms */
  timeout?: number;
  /** MB */
  memory?: number;
  /** MB */
  logs?: number;
  concurrency?: number;
  instances?: number;
}

interface WireEntity {
  namespace: string;
  name: string;
  version: string;
  publish: boolean;
  annotations: WireKeyValue[];
  updated?: number;
}

export interface WireAction extends WireEntity {
  exec: WireExec;
  parameters: WireKeyValue[];
  limits: WireLimits;
}

export interface WirePackage extends WireEntity {
  parameters: WireKeyValue[];
  binding: { namespace?: string; name?: string } | false;
  /** Only when one package is read. */
  actions?: { name: string }[];
  feeds?: { name: string }[];
}

/** The record of an activation; lists leave out `response`'s result and the logs. */
export interface WireActivation {
  namespace: string;
  name: string;
  version: string;
  activationId: string;
  /** Milliseconds since 1970. */
  start: number;
  end?: number;
  /** ms */
  duration?: number;
  /** In lists: 0 success, 1 application error, 2 developer error, 3 platform error. */
  statusCode?: number;
  response: { success: boolean; status?: string; statusCode?: number; result?: WireJson };
  annotations?: WireKeyValue[];
}

export interface WireTrigger extends WireEntity {
  parameters: WireKeyValue[];
}

export interface WirePathName {
  path: string;
  name: string;
}

export interface WireRule extends WireEntity {
  status?: 'active' | 'inactive';
  trigger: WirePathName | null;
  action: WirePathName | null;
}

export interface EntityOf {
  actions: WireAction;
  packages: WirePackage;
  triggers: WireTrigger;
  rules: WireRule;
}
export type Collection = keyof EntityOf;

/** Body of a PUT; what is absent keeps its value on an update. */
export interface EntityPut {
  exec?: WireExec;
  parameters?: WireKeyValue[];
  annotations?: WireKeyValue[];
  /** Annotation keys to remove; read on updates of actions only. */
  delAnnotations?: string[];
  limits?: WireLimits;
  publish?: boolean;
  trigger?: string;
  action?: string;
  /** The package a binding stands for. */
  binding?: { namespace: string; name: string };
}

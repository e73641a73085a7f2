/** Limits set on one namespace; what is absent falls back to the system's. Field names and units are those of the `<namespace>/limits` document. */
export interface NamespaceLimits {
  invocationsPerMinute?: number;
  concurrentInvocations?: number;
  firesPerMinute?: number;
  allowedKinds?: string[];
  storeActivations?: boolean;
  /** MB */
  minActionMemory?: number;
  maxActionMemory?: number;
  minActionLogs?: number;
  maxActionLogs?: number;
  /** ms */
  minActionTimeout?: number;
  maxActionTimeout?: number;
  minActionConcurrency?: number;
  maxActionConcurrency?: number;
  maxActionInstances?: number;
  /** such as `1048576 B` */
  maxParameterSize?: string;
  maxPayloadSize?: string;
  truncationSize?: string;
  warmedContainerKeepingCount?: number;
  warmedContainerKeepingTimeout?: string;
}

/** Who calls: a subject in one of its namespaces, known by that namespace's key. */
export interface Identity {
  readonly subject: string;
  readonly namespace: { readonly name: string; readonly uuid: string };
  readonly authkey: { readonly uuid: string; readonly key: string };
  readonly limits: NamespaceLimits;
  /** When the namespace was made, epoch ms: activations of an earlier one of this name are not its business. */
  readonly created?: number;
}

import { ApiError, KubernetesApi, type KubernetesObject } from '../kubernetesApi';
import { type Connection, connectionOf } from './connection';
import { type Kind, KindUnknown, ObjectPaths } from './kinds';
import { HopelessError, isAwaited, missing, troubleOf } from './readiness';

/** How often an object that is waited for is looked at, in milliseconds. */
const INTERVAL = 300;
const DEFAULT_TIMEOUT = 600_000;

/** An object is there, but does not work. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
  constructor(
    readonly object: KubernetesObject,
    readonly reasons: readonly string[],
    what: string,
  ) {
    super(`${what}:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`);
  }
}

export interface ObjectName {
  namespace: string;
  name: string;
}

interface Wanted {
  kind: Kind;
  object: KubernetesObject;
  /** Of who makes changes: the API notes who set which field. */
  manager: string;
  /** Milliseconds; 0 is the usual. */
  timeout: number;
}

/** Objects of the cluster that the provider is configured for. It is not connected to before one is asked for. */
export class ClusterObjects {
  private api: KubernetesApi | undefined;
  private paths: ObjectPaths | undefined;
  private readonly cancelled = new AbortController();

  constructor(private readonly config: Readonly<Record<string, unknown>>) {}

  /** Of objects that name none; `undefined` when not even a kubeconfig is there. */
  get namespace(): string | undefined {
    try {
      return connectionOf(this.config).namespace;
    } catch {
      return undefined;
    }
  }

  cancel(): void {
    this.cancelled.abort();
  }

  async find({ kind, name }: { kind: Kind; name: ObjectName }): Promise<KubernetesObject | undefined> {
    try {
      return await this.connected().api.find(await this.path(kind, name));
    } catch (error) {
      if (error instanceof KindUnknown) return undefined;
      throw error;
    }
  }

  /** Fails when there is one of that name. @throws NotReady when it is made, and does not come to work in time */
  async create(wanted: Wanted): Promise<KubernetesObject> {
    const { kind, object } = wanted;
    if ((await this.find({ kind, name: nameOf(object) })) !== undefined)
      throw new Error(`${described(kind, object)} was not created: it already exists in the cluster. Import it, or give it another name`);
    return this.apply(wanted);
  }

  /** @throws NotReady */
  async update(wanted: Wanted): Promise<KubernetesObject> {
    const { kind, object } = wanted;
    if ((await this.find({ kind, name: nameOf(object) })) === undefined)
      throw new Error(`${described(kind, object)} was not updated: it is no longer in the cluster. Refresh the stack`);
    return this.apply(wanted);
  }

  /** What an object lacks now. */
  async lacks(kind: Kind, object: KubernetesObject): Promise<readonly string[]> {
    if (!isAwaited(kind, object)) return [];
    try {
      return await missing(kind, object, this.connected().api);
    } catch (error) {
      if (error instanceof HopelessError) return [error.message];
      throw error;
    }
  }

  /** Resolves when it is gone, and all that belongs to it. */
  async delete(kind: Kind, object: KubernetesObject, timeout: number): Promise<void> {
    if ((await this.find({ kind, name: nameOf(object) })) === undefined) return;
    const path = await this.path(kind, nameOf(object));
    const annotations = object.metadata?.annotations as Record<string, string> | undefined;
    const policy = annotations?.['pulumi.com/deletionPropagationPolicy'] ?? 'foreground';
    const propagationPolicy = `${policy[0]!.toUpperCase()}${policy.slice(1)}`;
    const { api } = this.connected();
    await api.delete(path, { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy });
    if (annotations?.['pulumi.com/skipAwait'] === 'true') return;
    const uid = object.metadata?.uid;
    const deadline = Date.now() + (timeout || DEFAULT_TIMEOUT);
    for (;;) {
      const live = await api.find(path);
      if (live === undefined || (uid !== undefined && live.metadata?.uid !== uid)) return;
      if (Date.now() > deadline) throw new Error(`${described(kind, object)} was not gone in time${finalizersOf(live)}`);
      await this.pause();
    }
  }

  private async apply({ kind, object, manager, timeout }: Wanted): Promise<KubernetesObject> {
    const path = await this.path(kind, nameOf(object));
    const annotations = object.metadata?.annotations as Record<string, string> | undefined;
    const force = this.config.enablePatchForce === 'true' || annotations?.['pulumi.com/patchForce'] === 'true';
    const query = `fieldManager=${encodeURIComponent(manager)}&force=${force}`;
    const { api } = this.connected();
    const applied = await api.patch(`${path}?${query}`, 'application/apply-patch+yaml', object).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      const conflict = error.reason === 'Conflict' ? ' (the annotation pulumi.com/patchForce: "true" takes the field over)' : '';
      throw new Error(`${described(kind, object)} was refused by the Kubernetes API server: ${error.message}${conflict}`);
    });
    return isAwaited(kind, applied) ? this.untilReady(kind, applied, path, timeout || DEFAULT_TIMEOUT) : applied;
  }

  private async untilReady(kind: Kind, applied: KubernetesObject, path: string, timeout: number): Promise<KubernetesObject> {
    const { api } = this.connected();
    const deadline = Date.now() + timeout;
    const { namespace, name } = nameOf(applied);
    const what = `the Kubernetes API server reported that "${namespace}/${name}" failed to fully initialize or become live: '${name}' `;
    for (;;) {
      const object = await api.get(path);
      try {
        const lacks = await missing(kind, object, api);
        if (lacks.length === 0) return object;
        if (this.cancelled.signal.aborted) throw new NotReady(object, lacks, `${what}was cancelled`);
        if (Date.now() > deadline)
          throw new NotReady(object, [...lacks, ...(await troubleOf(object, api))], `${what}timed out waiting to be Ready`);
      } catch (error) {
        if (!(error instanceof HopelessError)) throw error;
        throw new NotReady(object, [error.message, ...(await troubleOf(object, api))], `${what}failed`);
      }
      await this.pause();
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }

  private async path(kind: Kind, { namespace, name }: ObjectName): Promise<string> {
    return this.connected().paths.of(kind, namespace, name);
  }

  private connected(): { api: KubernetesApi; paths: ObjectPaths } {
    this.api ??= new KubernetesApi((connectionOf(this.config) satisfies Connection).access);
    this.paths ??= new ObjectPaths(this.api);
    return { api: this.api, paths: this.paths };
  }
}

export function nameOf({ metadata }: KubernetesObject): ObjectName {
  return { namespace: metadata?.namespace ?? 'default', name: metadata?.name ?? '' };
}

function described({ kind }: Kind, { metadata }: KubernetesObject): string {
  return `${kind} ${metadata?.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata?.name}`;
}

function finalizersOf({ metadata }: KubernetesObject): string {
  const finalizers = metadata?.finalizers as string[] | undefined;
  return finalizers?.length ? `: it waits for ${finalizers.join(', ')}` : '';
}

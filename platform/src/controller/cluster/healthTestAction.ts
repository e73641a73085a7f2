import { randomBytes, randomUUID } from 'node:crypto';
import { testTransaction } from '../../balancer/shardingBalancer';
import type { ActivationMessage } from '../../bus/messages';
import type { SystemLimits } from '../../config/settings';
import { newActivationId } from '../../model/activation';
import { type ActionDocument, documentId } from '../../model/entities';
import type { Identity } from '../../model/identity';
import type { RuntimesManifest } from '../../model/runtimesManifest';
import type { ArtifactStore } from '../../store/artifactStore';

const namespace = 'whisk.system';
const code = 'function main(args) { return args; }';

/** What a controller lets an invoker run to find out whether it can be trusted with work: reference load-balancer, section 6. */
export class HealthTestAction {
  /** Nobody is interested in the records of tests. */
  private readonly user: Identity = {
    subject: namespace,
    namespace: { name: namespace, uuid: randomUUID() },
    authkey: { uuid: randomUUID(), key: randomBytes(32).toString('hex') },
    limits: { storeActivations: false },
  };

  private constructor(
    private readonly controller: string,
    private readonly name: string,
    private readonly revision: string,
  ) {}

  /** Puts the action into the store where it is not there, or not as it should be. Rejects when the store does. */
  static async install(
    controller: string,
    artifacts: ArtifactStore,
    manifest: RuntimesManifest,
    limits: SystemLimits,
  ): Promise<HealthTestAction> {
    const name = `invokerHealthTestAction${controller}`;
    const id = documentId(namespace, name);
    const document: ActionDocument = {
      type: 'actions',
      namespace,
      name,
      version: '0.0.1',
      publish: false,
      annotations: [],
      updated: Date.now(),
      exec: { kind: manifest.resolve('nodejs:default'), code, binary: false },
      parameters: [],
      limits: { timeout: limits.timeout.std, memory: limits.memory.min, logs: limits.logs.min, concurrency: limits.concurrency.min },
    };
    const stored = await artifacts.get(id);
    const same = stored?.document.type === 'actions' && sameAction(stored.document, document);
    // the same revision means that invokers have containers for it already
    const revision = same ? stored.revision : await artifacts.put(id, document, stored?.revision);
    return new HealthTestAction(controller, name, revision);
  }

  message(): ActivationMessage {
    return {
      transactionId: testTransaction,
      transactionStart: Date.now(),
      action: { path: namespace, name: this.name, version: '0.0.1', revision: this.revision },
      user: this.user,
      activationId: newActivationId(),
      rootController: this.controller,
      blocking: false,
      content: '{}',
      initArgs: [],
    };
  }
}

function sameAction(a: ActionDocument, b: ActionDocument): boolean {
  const what = ({ exec, limits }: ActionDocument) => JSON.stringify([exec.kind, (exec as { code?: string }).code, limits.memory]);
  return what(a) === what(b);
}

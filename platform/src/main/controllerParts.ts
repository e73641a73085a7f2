import type { LoadBalancer } from '../balancer/loadBalancer';
import type { PlatformConfig } from '../config/settings';
import { ActionResolver } from '../controller/actionResolver';
import { Actions } from '../controller/actions';
import { Activations } from '../controller/activations';
import { AnyActionRunner } from '../controller/anyActionRunner';
import { Authenticator } from '../controller/authentication';
import type { Caches } from '../controller/cluster/sharedCaches';
import { Continuation } from '../controller/continuation';
import { Entities } from '../controller/entities';
import { EntityBodyReader } from '../controller/entityBody';
import { ApiServer } from '../controller/http/apiServer';
import { Invocation } from '../controller/invocation';
import { Orchestrations } from '../controller/orchestration';
import { PackageResolver } from '../controller/packageResolver';
import { Packages } from '../controller/packages';
import { PrimitiveInvoker } from '../controller/primitiveInvoker';
import { RestApi } from '../controller/restApi';
import { type MetricsSource, RootRoutes } from '../controller/rootRoutes';
import { Rules } from '../controller/rules';
import { SequenceComponents } from '../controller/sequenceComponents';
import type { Tenure } from '../controller/tenure';
import { type Controllers, Throttles } from '../controller/throttles';
import { TriggerFiring } from '../controller/triggerFiring';
import { Triggers } from '../controller/triggers';
import { WebActions } from '../controller/web/webActions';
import type { RuntimesManifest } from '../model/runtimesManifest';
import type { Logger } from '../observe/logger';
import type { AcceptanceJournal, AcceptedActivation, Replay } from '../store/acceptanceJournal';
import type { ActivationStore } from '../store/activationStore';
import type { ArtifactStore } from '../store/artifactStore';
import type { SubjectStore } from '../store/subjectStore';

export interface ControllerDependencies {
  /** Instance id; acknowledgements are addressed to it. */
  id: string;
  config: PlatformConfig;
  manifest: RuntimesManifest;
  artifacts: ArtifactStore;
  activations: ActivationStore;
  /** For what this controller carries on itself: sequences, compositions, firings. */
  journal: AcceptanceJournal;
  /** For what is handed to an invoker: where the bus is durable there is nothing to write down. */
  handedJournal: AcceptanceJournal;
  subjects: SubjectStore;
  balancer: LoadBalancer;
  log: Logger;
  build: { date: string; number: string };
  /** Shown at `/metrics`; absent, there is no such route. */
  metrics?: MetricsSource;
  /** The other controllers, where there are some. */
  cluster?: ControllerCluster;
}

/** What a controller knows of, and tells, the others. */
export interface ControllerCluster {
  controllers: Controllers;
  tenure: Tenure;
  /** Resolves when all have forgotten what they keep in memory under the key: the id of an entity, or a namespace. */
  invalidate(key: string): Promise<void>;
}

export interface Controller {
  server: ApiServer;
  /** Resolves when what runs behind answers already given has ended. */
  drain(): Promise<void>;
  /** From now on nothing that this controller carries on itself is recorded by it: it is left to others. */
  leave(): void;
  /** Goes on with what another life, or another controller, began; resolves when it is recorded. */
  carryOn(activation: AcceptedActivation, replay: Replay): Promise<void>;
  /** What it keeps in memory of the stores. */
  caches: Caches;
  /** What it counts of namespaces. */
  throttles: Throttles;
}

/** Puts a controller together; the parts know each other through interfaces only. */
export function composeController({
  id,
  config,
  manifest,
  artifacts,
  activations,
  journal,
  handedJournal,
  subjects,
  balancer,
  log,
  build,
  metrics,
  cluster,
}: ControllerDependencies): Controller {
  const { limits } = config;
  const entities = new Entities(artifacts, cluster?.invalidate);
  const packageResolver = new PackageResolver(entities);
  const bodies = new EntityBodyReader(limits, manifest);
  const throttles = new Throttles(limits, balancer, cluster?.controllers);
  const authenticator = new Authenticator(subjects);
  const resolver = new ActionResolver(entities, packageResolver);
  const primitive = new PrimitiveInvoker(balancer, activations, handedJournal, id, manifest.blackboxes, cluster?.tenure);
  const sequences = new SequenceComponents(entities, packageResolver, limits.sequenceMaxLength);
  const orchestrations = new Orchestrations(activations, journal, log, cluster?.tenure);
  const runner = new AnyActionRunner(primitive, resolver, sequences, orchestrations, limits.sequenceMaxLength);
  const invocation = new Invocation(resolver, packageResolver, runner, throttles, manifest, config);
  const tenure = cluster?.tenure;
  const firing = new TriggerFiring(entities, resolver, invocation, activations, journal, throttles, config, log, tenure);
  const continuation = new Continuation(runner, orchestrations, firing, resolver, activations);
  const api = new RestApi({
    authenticator,
    root: new RootRoutes(balancer, config, manifest, build.number, () => log.warn('the controller was disabled by its operator'), metrics),
    actions: new Actions(bodies, entities, packageResolver, sequences, manifest, config),
    invocation,
    triggers: new Triggers(entities, bodies, limits),
    firing,
    rules: new Rules(entities, packageResolver, bodies, limits),
    packages: new Packages(entities, packageResolver, bodies, limits),
    activations: new Activations(activations, limits),
    web: new WebActions(subjects, entities, resolver, runner, authenticator, throttles, config, log),
    limits,
    build,
  });
  const drain = async () => {
    await firing.drain();
    await orchestrations.drain();
  };
  const caches: Caches = {
    forgetEntity: (id) => entities.forget(id),
    forgetNamespace: (namespace) => {
      authenticator.forget(namespace);
      entities.forgetNamespace(namespace);
    },
  };
  const leave = () => {
    orchestrations.leave();
    firing.leave();
  };
  const carryOn = (activation: AcceptedActivation, replay: Replay) => continuation.carryOn(activation, replay);
  return { server: new ApiServer(api, config.api, log), drain, leave, carryOn, caches, throttles };
}

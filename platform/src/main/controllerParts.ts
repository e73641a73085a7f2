import type { LoadBalancer } from '../balancer/loadBalancer';
import type { PlatformConfig } from '../config/settings';
import { ActionResolver } from '../controller/actionResolver';
import { Actions } from '../controller/actions';
import { Activations } from '../controller/activations';
import { AnyActionRunner } from '../controller/anyActionRunner';
import { Authenticator } from '../controller/authentication';
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
import { Throttles } from '../controller/throttles';
import { TriggerFiring } from '../controller/triggerFiring';
import { Triggers } from '../controller/triggers';
import { WebActions } from '../controller/web/webActions';
import type { RuntimesManifest } from '../model/runtimesManifest';
import type { Logger } from '../observe/logger';
import type { AcceptanceJournal } from '../store/acceptanceJournal';
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
  journal: AcceptanceJournal;
  subjects: SubjectStore;
  balancer: LoadBalancer;
  log: Logger;
  build: { date: string; number: string };
  /** Shown at `/metrics`; absent, there is no such route. */
  metrics?: MetricsSource;
}

export interface Controller {
  server: ApiServer;
  /** Resolves when what runs behind answers already given has ended. */
  drain(): Promise<void>;
  /** A namespace's key, limits or all its contents changed. */
  forgetNamespace(namespace: string): void;
}

/** Puts a controller together; the parts know each other through interfaces only. */
export function composeController({
  id,
  config,
  manifest,
  artifacts,
  activations,
  journal,
  subjects,
  balancer,
  log,
  build,
  metrics,
}: ControllerDependencies): Controller {
  const { limits } = config;
  const entities = new Entities(artifacts);
  const packageResolver = new PackageResolver(entities);
  const bodies = new EntityBodyReader(limits, manifest);
  const throttles = new Throttles(limits, balancer);
  const authenticator = new Authenticator(subjects);
  const resolver = new ActionResolver(entities, packageResolver);
  const primitive = new PrimitiveInvoker(balancer, activations, journal, id, manifest.blackboxes);
  const sequences = new SequenceComponents(entities, packageResolver, limits.sequenceMaxLength);
  const orchestrations = new Orchestrations(activations, journal, log);
  const runner = new AnyActionRunner(primitive, resolver, sequences, orchestrations, limits.sequenceMaxLength);
  const invocation = new Invocation(resolver, packageResolver, runner, throttles, manifest, config);
  const firing = new TriggerFiring(entities, resolver, invocation, activations, journal, throttles, config, log);
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
  const forgetNamespace = (namespace: string) => {
    authenticator.forget(namespace);
    entities.forgetNamespace(namespace);
  };
  return { server: new ApiServer(api, config.api, log), drain, forgetNamespace };
}

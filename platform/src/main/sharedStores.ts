import { ConfigurationError, type PlatformConfig } from '../config/settings';
import type { Logger } from '../observe/logger';
import type { ActivationStore } from '../store/activationStore';
import type { ArtifactStore } from '../store/artifactStore';
import type { SubjectStore } from '../store/subjectStore';

/** The stores that controllers and invokers share. */
export interface SharedStores {
  artifacts: ArtifactStore;
  activations: ActivationStore;
  subjects: SubjectStore;
  close(): Promise<void>;
}

export async function openSharedStores(config: PlatformConfig, log: Logger): Promise<SharedStores> {
  throw new ConfigurationError(`not yet ${config.couchdb.url} ${log.level}`);
}

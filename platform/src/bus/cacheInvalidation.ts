import type { Topic } from './messageBus';

/** Controller to every controller: drop what is cached under the key. Wire form: reference messaging, section 3. */
export interface CacheInvalidation {
  /** Id of an entity, `ns/[pkg/]name`; or a namespace, for its identities, limits and all its entities. */
  key: string;
  /** Instance id of the controller that changed it. */
  controller: string;
  /** Grows with each invalidation of a controller, over restarts too; absent in those of other platforms' controllers. */
  number?: number;
}

interface WireForm {
  key: { mainId: string; secondaryId?: string };
  instanceId: string;
  number?: number;
}

const prefix = 'controller';

export const invalidationTopic: Topic<CacheInvalidation> = {
  name: 'cacheInvalidation',
  encode: ({ key, controller, number }) => JSON.stringify({ key: { mainId: key }, instanceId: `${prefix}${controller}`, number }),
  decode: (text) => {
    const { key, instanceId, number } = JSON.parse(text) as WireForm;
    const controller = instanceId.startsWith(prefix) ? instanceId.slice(prefix.length) : instanceId;
    return { key: key.mainId, controller, ...(number === undefined ? {} : { number }) };
  },
};

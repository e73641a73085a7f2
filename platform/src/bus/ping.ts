import { parseMegabytes } from '../config/units';
import type { Topic } from './messageBus';

/** Invoker to every controller, each second: I am here. Wire form: reference messaging, section 3. */
export interface Ping {
  /** Number of the invoker: its topic is `invoker<N>`. */
  instance: number;
  /** MB that containers may have together. */
  userMemory: number;
  tags: readonly string[];
  dedicatedNamespaces: readonly string[];
  displayedName?: string;
  /** False: no more work, please. */
  enabled: boolean;
}

export const healthTopic: Topic<Ping> = {
  name: 'health',
  encode: ({ instance, userMemory, tags, dedicatedNamespaces, displayedName, enabled }) =>
    JSON.stringify({
      name: { instance, userMemory: `${userMemory} MB`, instanceType: 'invoker', tags, dedicatedNamespaces, displayedName },
      ...(enabled ? {} : { isEnabled: false }),
    }),
  decode: (text) => {
    const { name, isEnabled } = JSON.parse(text) as { name: Record<string, unknown>; isEnabled?: boolean };
    if (!Number.isInteger(name?.instance)) throw new Error('a ping without the number of its invoker');
    return {
      instance: name.instance as number,
      userMemory: parseMegabytes(String(name.userMemory)),
      tags: (name.tags as string[] | undefined) ?? [],
      dedicatedNamespaces: (name.dedicatedNamespaces as string[] | undefined) ?? [],
      ...(typeof name.displayedName === 'string' ? { displayedName: name.displayedName } : {}),
      enabled: isEnabled !== false,
    };
  },
};

import type Docker from 'dockerode';

/** Inputs and outputs as plain JSON: nothing this plugin serves is an asset. */
export type Properties = Record<string, unknown>;

/** What the provider's schema says of one resource type, as far as the platform uses it. */
export interface DockerResource {
  /** Inputs a change of which is made in place; any other needs a new resource. */
  readonly updatable: readonly string[];
  /** Outputs that are not inputs. */
  readonly computed: readonly string[];
  create(docker: Docker, inputs: Properties): Promise<{ id: string; outputs: Properties }>;
  /** `undefined` when it is gone. */
  read(docker: Docker, id: string, inputs: Properties): Promise<Properties | undefined>;
  update?(docker: Docker, id: string, inputs: Properties): Promise<void>;
  delete(docker: Docker, id: string, inputs: Properties): Promise<void>;
}

/** Absent where the engine answers 404. */
export async function found<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

export function list<T>(value: unknown): T[] {
  return Array.isArray(value) ? (value as T[]) : [];
}

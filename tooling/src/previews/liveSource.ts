import { OpenWhiskClient } from '@openwhisk-as-code/provider/dist/openwhisk/openWhiskClient';
import { resolveProviderConfig } from '@openwhisk-as-code/provider/dist/plugin/providerConfig';
import { decodeCode } from '@openwhisk-as-code/provider/dist/resources/code/actionCode';
import { parseActionId } from '@openwhisk-as-code/provider/dist/resources/entityId';
import type { ValueMap } from '@openwhisk-as-code/provider/dist/resources/values';
import { type FilesByHash, filesByHash } from './actionSource';
import type { Properties, ResourceState } from './preview';

/** How long one action may take to be read, in milliseconds: a comment is not worth waiting for a host that is down. */
const DEADLINE_MS = 10_000;
const SIGNATURE = '4dabf18193072939515e22adb298388d';

/** Reads the code that runs now from the hosts that the providers of a stack are configured with. */
export class LiveSource {
  private readonly clients = new Map<string, OpenWhiskClient | undefined>();

  /** @param resources of `pulumi stack export --show-secrets`: keys of the hosts are in there */
  constructor(private readonly resources: readonly ResourceState[]) {}

  /** Files of a deployed action; none when the host can't be reached or the action is not there. */
  async files(action: ResourceState): Promise<FilesByHash> {
    const client = this.clientOf(action.provider);
    if (client === undefined || action.id === undefined) return new Map();
    try {
      const { package: packageName, ...plain } = parseActionId(action.id);
      const address = packageName === undefined ? plain : { ...plain, package: packageName };
      const limits = { signal: AbortSignal.timeout(DEADLINE_MS), deadline: performance.now() + DEADLINE_MS, maxRetries: 1 };
      const entity = await client.get('actions', address, limits, { code: true });
      return entity === undefined ? new Map() : filesByHash(await decodeCode(entity.exec));
    } catch {
      // A host that is down, or a key that is no longer good: the comment then names the files only.
      return new Map();
    }
  }

  async close(): Promise<void> {
    for (const client of this.clients.values()) await client?.close();
  }

  private clientOf(reference: string | undefined): OpenWhiskClient | undefined {
    if (reference === undefined) return undefined;
    if (!this.clients.has(reference)) this.clients.set(reference, this.connect(reference));
    return this.clients.get(reference);
  }

  private connect(reference: string): OpenWhiskClient | undefined {
    const urn = reference.slice(0, reference.lastIndexOf('::'));
    const provider = this.resources.find((resource) => resource.urn === urn);
    if (provider === undefined) return undefined;
    const { apiHost, auth, insecure, caCertificate } = resolveProviderConfig(plainInputs(provider.inputs ?? {}));
    if (apiHost === undefined || auth === undefined) return undefined;
    const trust = caCertificate === undefined ? { insecure } : { insecure, caCertificate };
    return new OpenWhiskClient({ apiHost, auth, ...trust, retry: { maxRetries: 1, baseDelayMs: 100, maxDelayMs: 500 } });
  }
}

/** Inputs of a provider as an export has them, secrets opened. */
function plainInputs(inputs: Properties): ValueMap {
  const plain: ValueMap = {};
  for (const [key, value] of Object.entries(inputs)) {
    if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') plain[key] = value;
    else if (typeof value === 'object' && value !== null && SIGNATURE in value && 'plaintext' in value) {
      plain[key] = JSON.parse(String(value.plaintext)) as string;
    }
  }
  return plain;
}

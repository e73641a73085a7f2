import { type ActionDocument, documentId, type PackageDocument } from '../model/entities';
import type { Identity } from '../model/identity';
import type { JsonText } from '../model/json';

import { mergeParameters } from '../model/parameterParser';
import { annotationOf, type Parameter } from '../model/parameters';
import type { Stored } from '../store/artifactStore';
import type { Entities } from './entities';
import { NotAuthorized } from './http/errors';
import type { PackageResolver, ResolvedPackage } from './packageResolver';
import { isArrayText, type Payload } from './payload';

/** An action ready to be invoked: what does not change from call to call is worked out once. */
export interface ResolvedAction {
  action: ActionDocument;
  revision: string;
  /** `ns/bindingName` when reached through a binding. */
  binding?: string;
  /** Package, binding and action parameters, the latter winning. */
  parameters: readonly Parameter[];
  /** `"key":value` of each parameter, ready to be joined. */
  parameterTexts: readonly { key: string; text: JsonText }[];
  initArgs: readonly string[];
  /** Parameters a request may not override, when the action is `final`. */
  immutable: ReadonlySet<string>;
}

interface Memo {
  provider: Stored<PackageDocument> | undefined;
  named: Stored<PackageDocument> | undefined;
  resolved: ResolvedAction;
}

/** From the name in a request to the action, with its parameters merged; reference invocation, section 2. */
export class ActionResolver {
  /** Keyed by the cached document itself: a new revision is a new object, so nothing has to be invalidated. */
  private readonly memo = new WeakMap<object, Memo>();

  constructor(
    private readonly entities: Entities,
    private readonly packages: PackageResolver,
  ) {}

  /** Checks ACTIVATE: own actions, and those in packages that may be read. */
  async resolve(caller: Identity, namespace: string, packageName: string | undefined, name: string): Promise<ResolvedAction> {
    if (packageName === undefined) {
      const id = documentId(namespace, name);
      if (namespace !== caller.namespace.name) throw new NotAuthorized(id);
      return this.merged(await this.entities.load('actions', id), undefined);
    }
    const found = await this.packages.resolve(caller, documentId(namespace, packageName));
    const { namespace: path, name: provider } = found.provider.document;
    return this.merged(await this.entities.load('actions', `${path}/${provider}/${name}`), found);
  }

  async packageExists(id: string): Promise<boolean> {
    return (await this.entities.find(id)) !== undefined;
  }

  private merged(stored: Stored<ActionDocument>, found: ResolvedPackage | undefined): ResolvedAction {
    const named = found?.isBinding ? found.named : undefined;
    const known = this.memo.get(stored);
    if (known && known.provider === found?.provider && known.named === named) return known.resolved;
    const action = stored.document;
    const parameters = mergeParameters(found?.provider.document.parameters ?? [], named?.document.parameters ?? [], action.parameters);
    const resolved: ResolvedAction = {
      action,
      revision: stored.revision,
      ...(named ? { binding: `${named.document.namespace}/${named.document.name}` } : {}),
      parameters,
      parameterTexts: parameters.map((p) => ({ key: p.key, text: `${JSON.stringify(p.key)}:${JSON.stringify(p.value)}` })),
      initArgs: parameters.filter((p) => p.init).map((p) => p.key),
      immutable: new Set(isFinal(action) ? parameters.filter((p) => isDefined(p.value)).map((p) => p.key) : []),
    };
    this.memo.set(stored, { provider: found?.provider, named, resolved });
    return resolved;
  }
}

function isFinal(action: ActionDocument): boolean {
  return annotationOf(action.annotations, 'final') === true;
}

function isDefined(value: unknown): boolean {
  return value !== null;
}

/** The arguments of a call: parameters below, payload above, as text; payload text passes through as it came. */
export function argumentsText({ parameterTexts }: ResolvedAction, payload: Payload): JsonText {
  // an array takes the place of all arguments
  if (parameterTexts.length === 0 || isArrayText(payload.text)) return payload.text;
  const kept: string[] = [];
  for (const { key, text } of parameterTexts) if (!Object.hasOwn(payload.object, key)) kept.push(text);
  if (kept.length === 0) return payload.text;
  const trimmed = payload.text.trim();
  const inner = trimmed.slice(1, -1).trim();
  return inner === '' ? `{${kept.join(',')}}` : `{${kept.join(',')},${inner}}`;
}

import { UserError } from '../userError';

/** What `pulumi preview --json` and `pulumi refresh --preview-only --json` print, as far as it is read here. */
export interface Preview {
  readonly steps: readonly PreviewStep[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface PreviewStep {
  /** `same`, `create`, `update`, `delete`, `replace`, `refresh`, ... */
  readonly op: string;
  readonly urn: string;
  readonly oldState?: ResourceState;
  readonly newState?: ResourceState;
  readonly diffReasons?: readonly string[];
  /** By property path, such as `limits.memory` or `codeFiles["index.js"]`. */
  readonly detailedDiff?: Readonly<Record<string, { readonly kind: string }>> | null;
}

/** A resource in a preview or in an exported state. In a preview secrets are masked. */
export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Properties;
  readonly outputs?: Properties;
  /** `urn::id` of its provider. */
  readonly provider?: string;
}

export type Properties = Readonly<Record<string, unknown>>;

export interface Diagnostic {
  readonly severity: string;
  readonly message: string;
  readonly urn?: string;
}

/**
 * Reads the output of the CLI.
 * @throws UserError when it is not the JSON of a preview
 */
export function parsePreview(text: string): Preview {
  const start = text.indexOf('{');
  let parsed: { steps?: PreviewStep[] | null; diagnostics?: Diagnostic[] | null };
  try {
    parsed = JSON.parse(text.slice(start === -1 ? 0 : start)) as typeof parsed;
  } catch (error) {
    throw new UserError(`This is not the JSON of a preview ("pulumi preview --json"): ${(error as Error).message}.`);
  }
  return { steps: parsed.steps ?? [], diagnostics: parsed.diagnostics ?? [] };
}

/** The last part of a resource's URN: the name the program gave it. */
export function nameOf(urn: string): string {
  return urn.split('::').slice(3).join('::');
}

/** The type a URN ends in, short: `Action`, `local:Service`, `provider openwhisk`. */
export function typeOf(urn: string): string {
  const token = (urn.split('::')[2] ?? '').split('$').pop()!;
  if (token.startsWith('pulumi:providers:')) return `provider ${token.slice('pulumi:providers:'.length)}`;
  return token.replace(/^openwhisk:(index:)?/, '').replace(/^pulumi:pulumi:/, '');
}

/** What a failed preview says: the errors in its JSON, else the end of what was written beside it. */
export function failures({ diagnostics }: Preview, stderr: string): string[] {
  const told = diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message.trim());
  if (told.length > 0) return [...new Set(told)];
  return [stderr.trim().split('\n').slice(-20).join('\n') || 'The CLI said nothing.'];
}

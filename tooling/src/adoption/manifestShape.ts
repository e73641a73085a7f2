import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { UserError } from '../userError';
import { isProgramMap, type ProgramMap, type ProgramValue } from './programValue';

/** The parts of wskdeploy's manifest.yaml and deployment.yaml that are read (specification of openwhisk-wskdeploy). */
export interface ManifestPackage {
  readonly inputs?: ProgramMap;
  readonly annotations?: ProgramMap;
  readonly public?: boolean;
  readonly dependencies?: Readonly<
    Record<string, { readonly location?: string; readonly inputs?: ProgramMap; readonly annotations?: ProgramMap }>
  >;
  readonly actions?: Readonly<Record<string, ManifestAction | null>>;
  readonly sequences?: Readonly<Record<string, ManifestSequence | null>>;
  readonly triggers?: Readonly<Record<string, ManifestTrigger | null>>;
  readonly rules?: Readonly<Record<string, ManifestRule | null>>;
  readonly apis?: ProgramMap;
}

export interface ManifestAction {
  readonly function?: string;
  /** Old name of `function`. */
  readonly location?: string;
  readonly code?: string;
  readonly runtime?: string;
  readonly main?: string;
  readonly docker?: string;
  readonly native?: boolean;
  readonly conductor?: boolean;
  readonly web?: string | boolean;
  readonly 'web-export'?: string | boolean;
  readonly inputs?: ProgramMap;
  readonly annotations?: ProgramMap;
  readonly limits?: ProgramMap;
  readonly include?: ProgramValue;
  readonly exclude?: ProgramValue;
}

export interface ManifestSequence {
  readonly actions?: string | readonly string[];
  readonly web?: string | boolean;
  readonly annotations?: ProgramMap;
}

export interface ManifestTrigger {
  readonly feed?: string;
  /** Old name of `feed`. */
  readonly source?: string;
  readonly inputs?: ProgramMap;
  readonly annotations?: ProgramMap;
}

export interface ManifestRule {
  readonly trigger?: string;
  readonly action?: string;
  readonly annotations?: ProgramMap;
}

export interface Manifest {
  readonly projectName: string | undefined;
  readonly inputs: ProgramMap;
  readonly packages: Readonly<Record<string, ManifestPackage>>;
}

/**
 * Reads a manifest or a deployment file. wskdeploy reads YAML 1.1, in which `yes` is true.
 * @throws UserError when it is not YAML, or holds no packages
 */
export function readManifestFile(file: string): Manifest {
  let parsed: unknown;
  try {
    parsed = parse(readFileSync(file, 'utf8'), { version: '1.1' });
  } catch (error) {
    throw new UserError(`${file} can't be read: ${(error as Error).message.split('\n')[0]}`);
  }
  const root = plain(parsed);
  const project = isProgramMap(root) && isProgramMap(root.project) ? root.project : {};
  const packages = isProgramMap(root) && isProgramMap(root.packages) ? root.packages : project.packages;
  if (!isProgramMap(packages)) {
    throw new UserError(
      `${file} has no packages, neither at its root nor in a project: it is no manifest of wskdeploy (of version 0.9.2 or newer).`,
    );
  }
  return {
    projectName: typeof project.name === 'string' ? project.name : undefined,
    inputs: isProgramMap(project.inputs) ? project.inputs : isProgramMap(project.parameters) ? project.parameters : {},
    packages: Object.fromEntries(
      Object.entries(packages).map(([name, value]) => [name, (isProgramMap(value) ? value : {}) as ManifestPackage]),
    ),
  };
}

/** YAML 1.1 has dates; parameters are JSON. */
function plain(value: unknown): ProgramValue {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, plain(element)]));
  return value === undefined ? null : (value as ProgramValue);
}

const PARAMETER_KEYS = new Set(['type', 'description', 'value', 'required', 'default', 'status', 'schema']);
/** What an input has that is given by its type alone. */
const TYPE_DEFAULTS: Readonly<Record<string, ProgramValue>> = { string: '', integer: 0, float: 0, boolean: false, json: {} };

/** One input as a manifest declares it: in one line, as a value or the name of a type, or in several. */
export interface ManifestInput {
  /** Undefined when it is only declared. */
  readonly value: ProgramValue | undefined;
  readonly type: string | undefined;
  readonly required: boolean;
}

export function readInput(declared: ProgramValue): ManifestInput {
  if (isProgramMap(declared) && Object.keys(declared).length > 0 && Object.keys(declared).every((key) => PARAMETER_KEYS.has(key))) {
    const type = typeof declared.type === 'string' ? declared.type : undefined;
    const given = declared.value ?? declared.default ?? undefined;
    return { value: given === undefined ? undefined : ofType(given, type), type, required: declared.required === true };
  }
  if (typeof declared === 'string' && Object.hasOwn(TYPE_DEFAULTS, declared)) return { value: undefined, type: declared, required: false };
  return { value: declared ?? undefined, type: undefined, required: false };
}

/** JSON may be written as a text. */
function ofType(value: ProgramValue, type: string | undefined): ProgramValue {
  if (type !== 'json' || typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as ProgramValue;
  } catch {
    return value;
  }
}

/** The value of an input that is declared and given nowhere. */
export function defaultOf(type: string | undefined): ProgramValue {
  return TYPE_DEFAULTS[type ?? 'string'] ?? '';
}

import { basename, dirname } from 'node:path';
import type { AdoptedEntity, Adoption, EntityPlace } from './adoptedEntity';
import { manifestCode } from './manifestCode';
import { ManifestSettings } from './manifestSettings';
import {
  defaultOf,
  type Manifest,
  type ManifestAction,
  type ManifestPackage,
  type ManifestSequence,
  type ManifestTrigger,
  readInput,
  readManifestFile,
} from './manifestShape';
import { Expression, isProgramMap, type ProgramMap, type ProgramValue } from './programValue';
import type { SecretValues } from './secretValues';

/** What an old manifest says, in resources; and the environment variables its program reads. */
export interface ManifestAdoption extends Adoption {
  readonly settings: ReadonlySet<string>;
}

/** Reads a manifest of wskdeploy, with the deployment file that overrides its inputs and annotations. */
export async function readManifest(
  manifestFile: string,
  deploymentFile: string | undefined,
  secrets: SecretValues,
): Promise<ManifestAdoption> {
  const manifest = readManifestFile(manifestFile);
  const deployment = deploymentFile === undefined ? undefined : readManifestFile(deploymentFile);
  const reader = new ManifestReader(dirname(manifestFile), manifest, deployment, secrets);
  for (const [name, content] of Object.entries(manifest.packages)) await reader.addPackage(name, content);
  return {
    projectName: (manifest.projectName ?? basename(dirname(manifestFile))).replace(/[^\w.-]/g, '-') || 'manifest',
    origin: basename(manifestFile),
    entities: reader.entities,
    warnings: reader.warnings,
    settings: reader.settings.used,
  };
}

/** The reserved name under which a manifest keeps what is in no package. */
const NO_PACKAGE = 'default';
/** Annotations that are inputs of their own here. */
const MANAGED = ['web-export', 'raw-http', 'final', 'require-whisk-auth'];

class ManifestReader {
  readonly entities: AdoptedEntity[] = [];
  readonly warnings: string[] = [];
  readonly settings = new ManifestSettings();

  constructor(
    private readonly folder: string,
    private readonly manifest: Manifest,
    private readonly deployment: Manifest | undefined,
    private readonly secrets: SecretValues,
  ) {}

  async addPackage(declaredName: string, content: ManifestPackage): Promise<void> {
    const name = this.settings.name(declaredName);
    const overrides = this.deployment?.packages[declaredName] ?? this.deployment?.packages[name];
    const inPackage = name.toLowerCase() === NO_PACKAGE ? undefined : name;
    const known = new Map<string, ProgramValue>();
    const declared = { ...this.manifest.inputs, ...content.inputs };
    const place = { name };
    const parameters = this.inputs(declared, overrides?.inputs, place, 'parameters', new Map(), true);
    for (const [key, value] of Object.entries(parameters)) known.set(key, value);
    if (inPackage !== undefined) {
      this.add('Package', place, {
        ...nonEmpty('parameters', parameters),
        ...nonEmpty('annotations', this.annotations(content.annotations, overrides?.annotations, place)),
        ...(content.public === true ? { publish: true } : {}),
      });
    } else if (Object.keys(content.inputs ?? {}).length > 0) {
      this.warnings.push('The package "default" stands for no package, which has no parameters: its inputs only fill in for variables.');
    }
    for (const [key, action] of Object.entries(content.actions ?? {}))
      await this.addAction(key, action ?? {}, inPackage, overrides?.actions?.[key] ?? undefined, known);
    for (const [key, sequence] of Object.entries(content.sequences ?? {})) this.addSequence(key, sequence ?? {}, inPackage);
    for (const [key, trigger] of Object.entries(content.triggers ?? {}))
      this.addTrigger(key, trigger ?? {}, overrides?.triggers?.[key] ?? undefined, known);
    for (const [key, rule] of Object.entries(content.rules ?? {})) {
      if (rule?.trigger === undefined || rule.action === undefined) {
        this.warnings.push(`The rule ${key} names no trigger or no action: it is not in the program.`);
        continue;
      }
      const rulePlace = { name: this.settings.name(key) };
      this.add('Rule', rulePlace, {
        trigger: this.settings.name(rule.trigger),
        action: qualified(this.settings.name(rule.action), inPackage),
        ...nonEmpty('annotations', this.annotations(rule.annotations, undefined, rulePlace)),
      });
    }
    this.addDependencies(content, inPackage);
    if (content.apis !== undefined && Object.keys(content.apis).length > 0) {
      this.warnings.push(
        `The APIs of the package ${name} (${Object.keys(content.apis).join(', ')}) are not in the program: there is no resource for API routes yet.`,
      );
    }
  }

  private add(type: AdoptedEntity['type'], place: EntityPlace, inputs: ProgramMap, code?: AdoptedEntity['code']): void {
    this.entities.push({ type, place, inputs, ...(code === undefined ? {} : { code }) });
  }

  private async addAction(
    declaredName: string,
    action: ManifestAction,
    packageName: string | undefined,
    overrides: ManifestAction | undefined,
    known: ReadonlyMap<string, ProgramValue>,
  ): Promise<void> {
    const place = placeOf(packageName, this.settings.name(declaredName));
    const label = packageName === undefined ? place.name : `${packageName}/${place.name}`;
    const { code, kind, image } = await manifestCode(action, label, this.folder, this.settings, this.warnings);
    const annotations = this.annotations(action.annotations, overrides?.annotations, place);
    if (action.conductor === true) annotations.conductor = true;
    const { inputs: web, rest } = this.webInputs(action.web ?? action['web-export'], annotations, place, label);
    this.add(
      'Action',
      place,
      {
        ...(kind === undefined ? {} : { kind }),
        ...(image === undefined ? {} : { image }),
        ...(action.main === undefined ? {} : { main: action.main }),
        ...nonEmpty('parameters', this.inputs(action.inputs ?? {}, overrides?.inputs, place, 'parameters', known)),
        ...nonEmpty('annotations', rest),
        ...nonEmpty('limits', this.limits(action.limits, label)),
        ...web,
      },
      code,
    );
  }

  private addSequence(declaredName: string, sequence: ManifestSequence, packageName: string | undefined): void {
    const place = placeOf(packageName, this.settings.name(declaredName));
    const label = packageName === undefined ? place.name : `${packageName}/${place.name}`;
    const listed = typeof sequence.actions === 'string' ? sequence.actions.split(',') : (sequence.actions ?? []);
    const components = listed.map((action) => qualified(this.settings.name(action.trim()), packageName)).filter((action) => action !== '');
    const { inputs: web, rest } = this.webInputs(sequence.web, this.annotations(sequence.annotations, undefined, place), place, label);
    this.add('Sequence', place, { components, ...nonEmpty('annotations', rest), ...web });
  }

  private addTrigger(
    declaredName: string,
    trigger: ManifestTrigger,
    overrides: ManifestTrigger | undefined,
    known: ReadonlyMap<string, ProgramValue>,
  ): void {
    const place = { name: this.settings.name(declaredName) };
    const feed = trigger.feed ?? trigger.source;
    // What a trigger with a feed is given is for the feed.
    const where = feed === undefined ? 'parameters' : 'feedParameters';
    this.add('Trigger', place, {
      ...(feed === undefined ? {} : { feed: this.settings.name(feed) }),
      ...nonEmpty(where, this.inputs(trigger.inputs ?? {}, overrides?.inputs, place, where, known)),
      ...nonEmpty('annotations', this.annotations(trigger.annotations, overrides?.annotations, place)),
    });
  }

  private addDependencies({ dependencies = {} }: ManifestPackage, packageName: string | undefined): void {
    for (const [key, dependency] of Object.entries(dependencies)) {
      const location = this.settings.name(dependency.location ?? key);
      const place = { name: this.settings.name(key) };
      if (!/^\/[^/]+\/[^/]+$/.test(location)) {
        const owner = packageName === undefined ? '' : ` of the package ${packageName}`;
        this.warnings.push(
          `The dependency ${key}${owner} (${location}) is not in the program: adopt its own manifest the same way, and deploy that program first.`,
        );
        continue;
      }
      this.add('PackageBinding', place, {
        package: location,
        ...nonEmpty('parameters', this.inputs(dependency.inputs ?? {}, undefined, place, 'parameters', new Map())),
        ...nonEmpty('annotations', this.annotations(dependency.annotations, undefined, place)),
      });
    }
  }

  /** Inputs with their values: the deployment's before the manifest's, variables as settings, secrets in the configuration. */
  private inputs(
    declared: ProgramMap,
    overrides: ProgramMap | undefined,
    place: EntityPlace,
    where: string,
    known: ReadonlyMap<string, ProgramValue>,
    ofPackage = false,
  ): ProgramMap {
    const result: ProgramMap = {};
    for (const key of new Set([...Object.keys(declared), ...Object.keys(overrides ?? {})])) {
      const overriding = overrides?.[key] === undefined ? undefined : readInput(overrides[key]);
      const own = readInput(declared[key] ?? null);
      const value = overriding?.value ?? own.value;
      if (value === undefined) {
        // An input of a package without a value is a variable of that name; a required one has to come from somewhere.
        result[key] = ofPackage || own.required ? this.settings.setting(key) : defaultOf(own.type);
        continue;
      }
      result[key] = this.hidden(this.settings.value(value, known), place, [where, key]);
    }
    return result;
  }

  private annotations(declared: ProgramMap | undefined, overrides: ProgramMap | undefined, place: EntityPlace): ProgramMap {
    const result: ProgramMap = {};
    for (const [key, value] of Object.entries({ ...declared, ...overrides })) {
      const settled = this.settings.value(value);
      result[key] = MANAGED.includes(key) ? settled : this.hidden(settled, place, ['annotations', key]);
    }
    return result;
  }

  /** A value that is, or holds, what looks like a secret becomes one of the configuration. */
  private hidden(value: ProgramValue, place: EntityPlace, path: readonly string[]): ProgramValue {
    if (this.secrets.looksSecret(path, value) && !holdsExpression(value)) return this.secrets.take(value, place, path);
    if (Array.isArray(value)) return value.map((element, index) => this.hidden(element, place, [...path, String(index)]));
    if (!isProgramMap(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, this.hidden(element, place, [...path, key])]));
  }

  private webInputs(
    web: string | boolean | undefined,
    annotations: ProgramMap,
    place: EntityPlace,
    label: string,
  ): { inputs: ProgramMap; rest: ProgramMap } {
    const { 'web-export': exported, 'raw-http': raw, final, 'require-whisk-auth': secure, ...rest } = annotations;
    const inputs: ProgramMap = {};
    const mode = web === undefined ? (exported === true ? (raw === true ? 'raw' : 'true') : 'false') : String(web).toLowerCase();
    if (mode === 'raw') inputs.web = 'raw';
    else if (mode === 'true' || mode === 'yes') inputs.web = true;
    else if (mode !== 'false' && mode !== 'no')
      this.warnings.push(`The action ${label} has web: ${mode}, which is none of true, false and raw: it is not exported.`);
    if (final === true && inputs.web === undefined) inputs.finalParameters = true;
    if (secure === undefined || secure === false || inputs.web === undefined) return { inputs, rest };
    if (secure === true) {
      this.warnings.push(
        `The web action ${label} asked for the caller's own key (require-whisk-auth: true); it now has a key of its own, see its output webSecureKey.`,
      );
      inputs.webSecure = true;
    } else {
      inputs.webSecure = secure instanceof Expression ? secure : this.secrets.take(String(secure), place, ['webSecure']);
    }
    return { inputs, rest };
  }

  private limits(limits: ProgramMap | undefined, label: string): ProgramMap {
    const names: Readonly<Record<string, string>> = {
      timeout: 'timeout',
      memorySize: 'memory',
      logSize: 'logs',
      concurrency: 'concurrency',
    };
    const result: ProgramMap = {};
    for (const [key, value] of Object.entries(limits ?? {})) {
      const name = Object.hasOwn(names, key) ? names[key] : undefined;
      if (name !== undefined && value !== null) result[name] = value;
      else
        this.warnings.push(
          `The limit ${key} of the action ${label} can't be set through the API, wskdeploy ignores it too: it is not in the program.`,
        );
    }
    return result;
  }
}

function placeOf(packageName: string | undefined, name: string): EntityPlace {
  return packageName === undefined ? { name } : { package: packageName, name };
}

/** An action that is named alone is one of the package it is named in. */
function qualified(action: string, packageName: string | undefined): string {
  return action === '' || action.includes('/') || packageName === undefined ? action : `${packageName}/${action}`;
}

function holdsExpression(value: ProgramValue): boolean {
  if (value instanceof Expression) return true;
  if (Array.isArray(value)) return value.some(holdsExpression);
  return isProgramMap(value) && Object.values(value).some(holdsExpression);
}

function nonEmpty(key: string, map: ProgramMap): ProgramMap {
  return Object.keys(map).length === 0 ? {} : { [key]: map };
}

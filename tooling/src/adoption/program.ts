import { type AdoptedEntity, type Adoption, ENTITY_TYPES, type EntityPlace, type EntityType } from './adoptedEntity';
import { Expression, type ProgramMap, type ProgramValue, printKey, printString, printValue } from './programValue';
import { camelCase } from './secretValues';

/** A resource of the program: the entity with the names it has there. */
export interface ProgramResource {
  readonly entity: AdoptedEntity;
  /** What the program calls the resource; the default of the entity's name. */
  readonly logicalName: string;
  readonly variable: string;
  /** Where its code is, relative to the project. */
  readonly codePath?: string;
}

/** Inputs that name other entities, what they may name, and by which output. */
const REFERENCES: Readonly<Record<string, { readonly to: readonly EntityType[]; readonly in: readonly EntityType[] }>> = {
  trigger: { to: ['Trigger'], in: ['Rule'] },
  action: { to: ['Action', 'Sequence'], in: ['Rule'] },
  feed: { to: ['Action', 'Sequence'], in: ['Trigger'] },
  components: { to: ['Action', 'Sequence'], in: ['Sequence'] },
  package: { to: ['Package'], in: ['PackageBinding'] },
};

/** Words that cannot be a variable, or are taken in every program. */
const TAKEN = new Set(
  'abstract arguments await boolean break byte case catch char class config const continue debugger default delete do double else enum eval export extends false final finally float for function goto if implements import in instanceof int interface let long module native new null openwhisk package private process protected public pulumi require exports return setting secretSetting short static super switch synchronized this throw throws transient true try typeof undefined var void volatile while with yield'.split(
    ' ',
  ),
);

/** Gives every entity its names, in the order in which they are declared: each after those it refers to. */
export function programResources(entities: readonly AdoptedEntity[]): ProgramResource[] {
  const variables = new Set(TAKEN);
  const logicalNames = new Set<string>();
  const sorted = [...entities].sort(
    (a, b) =>
      ENTITY_TYPES.indexOf(a.type) - ENTITY_TYPES.indexOf(b.type) ||
      compare(a.place.package ?? '', b.place.package ?? '') ||
      compare(a.place.name, b.place.name),
  );
  return componentsFirst(sorted).map((entity) => {
    const { type, place } = entity;
    const words = place.package === undefined ? [place.name] : [place.package, place.name];
    const shared = entities.filter((other) => other.type === type && other.place.name === place.name).length > 1;
    const logicalName = unique(shared ? words.join('-') : place.name, '-', (name) => !logicalNames.has(`${type} ${name}`));
    logicalNames.add(`${type} ${logicalName}`);
    const suffix = { Package: ['package'], PackageBinding: ['binding'], Trigger: ['trigger'], Rule: ['rule'], Action: [], Sequence: [] }[
      type
    ];
    const plain = camelCase(words);
    const wanted = /^\d/.test(plain) ? `_${plain}` : plain;
    const variable = unique(
      variables.has(wanted) ? camelCase([...words, ...suffix]) : wanted,
      '',
      (name) => !variables.has(name) && !/^\d/.test(name),
    );
    variables.add(variable);
    const codePath = pathOfCode(entity);
    return { entity, logicalName, variable, ...(codePath === undefined ? {} : { codePath }) };
  });
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function unique(base: string, separator: string, free: (name: string) => boolean): string {
  if (free(base)) return base;
  for (let count = 2; ; count += 1) {
    const name = /^\d/.test(base) ? `_${base}${separator}${count}` : `${base}${separator}${count}`;
    if (free(name)) return name;
  }
}

/** Sequences after the sequences they are made of. */
function componentsFirst(entities: readonly AdoptedEntity[]): AdoptedEntity[] {
  const done: AdoptedEntity[] = [];
  const visit = (entity: AdoptedEntity, above: readonly AdoptedEntity[]): void => {
    if (done.includes(entity) || above.includes(entity)) return;
    const components = Array.isArray(entity.inputs.components) ? entity.inputs.components : [];
    for (const component of entity.type === 'Sequence' ? components : []) {
      const target = entities.find((other) => other.type === 'Sequence' && names(component, other.place));
      if (target !== undefined) visit(target, [...above, entity]);
    }
    done.push(entity);
  };
  for (const entity of entities) visit(entity, []);
  return done;
}

/** Whether a reference (`/namespace/package/name`, `package/name`, `name`) names an entity. */
export function names(reference: ProgramValue, place: EntityPlace): boolean {
  if (typeof reference !== 'string') return false;
  const parts = reference.split('/').filter((part) => part !== '');
  const local = [place.package, place.name].filter((part) => part !== undefined);
  if (!reference.startsWith('/')) return parts.join('/') === local.join('/');
  return parts.slice(1).join('/') === local.join('/') && (parts[0] === '_' || parts[0] === place.namespace);
}

function pathOfCode({ place, code }: AdoptedEntity): string | undefined {
  if (code === undefined || code.form === 'remote') return undefined;
  const folder = place.package === undefined ? 'actions' : `packages/${place.package}`;
  const path = `${folder}/${place.name}`;
  switch (code.form) {
    case 'file':
      return `${path}.${code.extension}`;
    case 'zip':
      return `${path}.zip`;
    case 'binary':
      // The platform does not keep the name of a program, and the provider calls it so.
      return `${path}/binary`;
    case 'folder':
      return path;
  }
}

/** The program: one resource an entity, with references where one names another. */
export function programText(adoption: Adoption, resources: readonly ProgramResource[], manifestSettings: ReadonlySet<string>): string {
  const declared: ProgramResource[] = [];
  const blocks: string[] = [];
  let heading = '';
  for (const resource of resources) {
    const next = headingOf(resource.entity);
    if (next !== heading) blocks.push(`// ${next}`);
    heading = next;
    blocks.push(declaration(resource, declared, resources));
    declared.push(resource);
  }
  const body = blocks.join('\n').replace(/\n\/\/ /g, '\n\n// ');
  const helpers = settingHelpers(manifestSettings, body);
  const usesConfig = /\bconfig\./.test(body + helpers);
  const usesPulumi = usesConfig || /\bpulumi\./.test(body + helpers);
  return [
    `// Written by "npm run adopt" from ${adoption.origin}. It is yours from here on.`,
    usesPulumi ? "import * as pulumi from '@pulumi/pulumi';" : undefined,
    "import * as openwhisk from 'pulumi-openwhisk';",
    '',
    ...(usesConfig ? ['const config = new pulumi.Config();', ''] : []),
    ...(helpers === '' ? [] : [helpers, '']),
    body,
    '',
  ]
    .filter((line) => line !== undefined)
    .join('\n');
}

const HEADINGS: Readonly<Record<EntityType, string>> = {
  Package: 'Packages',
  PackageBinding: 'Package bindings',
  Action: 'Actions',
  Sequence: 'Sequences',
  Trigger: 'Triggers',
  Rule: 'Rules',
};

function headingOf({ type, place }: AdoptedEntity): string {
  const section = HEADINGS[type];
  return place.package === undefined ? section : `${section} of the package ${place.package}`;
}

function declaration(resource: ProgramResource, declared: readonly ProgramResource[], all: readonly ProgramResource[]): string {
  const { entity, logicalName, variable } = resource;
  const { type, place } = entity;
  const inputs: ProgramMap = {};
  if (logicalName !== place.name) inputs.name = place.name;
  if (place.package !== undefined && type !== 'PackageBinding') inputs.package = packageReference(place.package, declared);
  const code = codeInput(resource);
  if (entity.inputs.kind !== undefined) inputs.kind = entity.inputs.kind;
  if (code !== undefined) inputs.code = code;
  for (const [key, value] of Object.entries(entity.inputs)) inputs[key] = withReferences(type, key, value, declared);
  const args = Object.keys(inputs).length === 0 ? '' : `, ${printInputs(inputs)}`;
  const call = `new openwhisk.${type}(${printString(logicalName)}${args});`;
  // A constant nothing reads would be noise.
  return isNamed(resource, all) ? `const ${variable} = ${call}` : call;
}

/** Inputs one a line, unless there is only one short one. */
function printInputs(inputs: ProgramMap): string {
  const line = printValue(inputs, 0);
  if (!line.includes('\n') && line.length <= 80) return line;
  const entries = Object.entries(inputs).map(([key, value]) => `  ${printKey(key)}: ${printValue(value, 2)},\n`);
  return `{\n${entries.join('')}}`;
}

function isNamed(resource: ProgramResource, all: readonly ProgramResource[]): boolean {
  const { type, place } = resource.entity;
  return all.some(({ entity }) => {
    if (type === 'Package' && entity.place.package === place.name) return true;
    return Object.entries(entity.inputs).some(([key, value]) => {
      const reference = REFERENCES[key];
      if (reference === undefined || !reference.in.includes(entity.type) || !reference.to.includes(type)) return false;
      return (Array.isArray(value) ? value : [value]).some((each) => names(each, place));
    });
  });
}

function packageReference(name: string, declared: readonly ProgramResource[]): ProgramValue {
  const target = declared.find(
    ({ entity }) => (entity.type === 'Package' || entity.type === 'PackageBinding') && entity.place.name === name,
  );
  return target?.entity.type === 'Package' ? new Expression(`${target.variable}.name`) : name;
}

function withReferences(type: EntityType, key: string, value: ProgramValue, declared: readonly ProgramResource[]): ProgramValue {
  const reference = REFERENCES[key];
  if (reference === undefined || !reference.in.includes(type)) return value;
  if (Array.isArray(value)) return value.map((element) => withReferences(type, key, element, declared));
  const target = declared.find(({ entity }) => reference.to.includes(entity.type) && names(value, entity.place));
  return target === undefined ? value : new Expression(`${target.variable}.fqn`);
}

function codeInput({ entity: { code }, codePath }: ProgramResource): Expression | undefined {
  if (code === undefined) return undefined;
  if (code.form === 'remote')
    return new Expression(`new pulumi.asset.Remote${code.archive ? 'Archive' : 'Asset'}(${printString(code.uri)})`);
  const asset = code.form === 'folder' || code.form === 'zip' ? 'FileArchive' : 'FileAsset';
  return new Expression(`new pulumi.asset.${asset}(${printString(codePath!)})`);
}

/** The functions a program made from a manifest reads its variables with. */
function settingHelpers(names: ReadonlySet<string>, body: string): string {
  if (names.size === 0) return '';
  const plain = /\bsetting\(/.test(body);
  const secret = /\bsecretSetting\(/.test(body);
  return [
    '// What the manifest took from the environment comes from the configuration of the stack, else still from the environment.',
    ...(plain ? ['const setting = (name: string): string => config.get(name) ?? process.env[name] ?? config.require(name);'] : []),
    ...(secret
      ? [
          'const secretSetting = (name: string): pulumi.Output<string> =>',
          '  config.getSecret(name) ?? pulumi.secret(process.env[name] ?? config.require(name));',
        ]
      : []),
  ].join('\n');
}

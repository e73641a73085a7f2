/** Definitions of the API's documents, by the reference's table (rest-api, section 9): what is not listed does not occur. */
type Schema = Record<string, unknown>;

const string: Schema = { type: 'string' };
const integer: Schema = { type: 'integer' };
const boolean: Schema = { type: 'boolean' };
const anything: Schema = {};
const object: Schema = { type: 'object' };
const arrayOf = (items: Schema): Schema => ({ type: 'array', items });
export const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` });

function record(required: Record<string, Schema>, optional: Record<string, Schema> = {}): Schema {
  const names = Object.keys(required);
  return { type: 'object', ...(names.length > 0 ? { required: names } : {}), properties: { ...required, ...optional } };
}

const entity = { namespace: string, name: string, version: string, publish: boolean };
const keyValues = arrayOf(ref('KeyValue'));
const marks = { annotations: keyValues, updated: integer };
const reference: Schema = ref('PathName');

export const definitions: Record<string, Schema> = {
  KeyValue: record({ key: string, value: anything }, { init: boolean }),
  PathName: record({ path: string, name: string }),
  ErrorMessage: record({ error: string }, { code: string }),
  ActionExec: record({}, { kind: string, code: string, image: string, main: string, binary: boolean, components: arrayOf(string) }),
  ActionLimits: record({}, { timeout: integer, memory: integer, logs: integer, concurrency: integer, instances: integer }),
  Action: record({ ...entity, exec: ref('ActionExec'), limits: ref('ActionLimits') }, { ...marks, parameters: keyValues, binding: string }),
  ActionPayload: object,
  ActionExecMeta: record({}, { binary: boolean }),
  ActionMeta: record({ ...entity, exec: ref('ActionExecMeta'), limits: ref('ActionLimits') }, marks),
  ActionPut: record(
    {},
    {
      ...entity,
      exec: ref('ActionExec'),
      annotations: keyValues,
      delAnnotations: arrayOf(string),
      parameters: keyValues,
      limits: ref('ActionLimits'),
    },
  ),
  Trigger: record(entity, { ...marks, parameters: keyValues, limits: ref('TriggerLimits'), rules: object }),
  TriggerPayload: object,
  TriggerLimits: object,
  TriggerMeta: record(entity, marks),
  TriggerPut: record({}, { ...entity, annotations: keyValues, parameters: keyValues, limits: object }),
  Rule: record({ ...entity, trigger: reference, action: reference }, { ...marks, status: string }),
  RuleMeta: record({ ...entity, trigger: reference, action: reference }, marks),
  RulePut: record({}, { ...entity, trigger: anything, action: anything, annotations: keyValues, status: string }),
  RuleStatus: record({ status: { type: 'string', enum: ['active', 'inactive'] } }, { trigger: anything, action: anything }),
  Package: record(entity, {
    ...marks,
    parameters: keyValues,
    binding: ref('PackageBinding'),
    actions: arrayOf(ref('PackageAction')),
    feeds: arrayOf(ref('PackageAction')),
  }),
  PackageMeta: record(entity, { ...marks, binding: anything }),
  PackagePut: record({}, { ...entity, annotations: keyValues, parameters: keyValues, binding: ref('PackageBinding') }),
  PackageBinding: record({}, { namespace: string, name: string }),
  PackageAction: record({ name: string, version: string }, { annotations: keyValues, parameters: keyValues }),
  ActivationId: record({ activationId: string }),
  ActivationBrief: record(
    { ...entity, activationId: string, start: integer },
    { annotations: keyValues, end: integer, duration: integer, cause: string, statusCode: integer },
  ),
  Activation: record(
    { ...entity, subject: string, activationId: string, start: integer, response: ref('ActivationResult'), logs: arrayOf(string) },
    { annotations: keyValues, end: integer, duration: integer, cause: string },
  ),
  ActivationLogs: record({ logs: arrayOf(string) }),
  ActivationResult: record({}, { status: string, success: boolean, result: anything, size: integer }),
  UserLimits: object,
  ...legacyDefinitions(),
};

/** Names that generators for other clients look for; nothing the API answers is made of them alone. */
function legacyDefinitions(): Record<string, Schema> {
  const provider = record({ name: string }, { namespace: string, annotations: keyValues, parameters: keyValues });
  return {
    ItemId: record({ id: string }),
    EntityBrief: record(entity, marks),
    ActivationIds: arrayOf(ref('ActivationId')),
    ActivationInfo: record({ id: string }, { result: ref('ActivationResult'), stdout: string, stderr: string }),
    ActivationStderr: record({ stderr: string }),
    Provider: provider,
    ProviderAction: provider,
    ProviderBinding: provider,
    ProviderTrigger: provider,
  };
}

export const rootDefinitions: Record<string, Schema> = {
  Info: record({ description: string, support: object, api_paths: arrayOf(string), limits: object, runtimes: ref('RuntimesManifest') }),
  RuntimesManifest: { type: 'object', additionalProperties: arrayOf(object) },
};

import { definitions, ref, rootDefinitions } from './schemas';

type Json = Record<string, unknown>;

const errorTexts: Record<number, string> = {
  400: 'The request is malformed.',
  401: 'Credentials are missing or invalid.',
  403: 'The caller has no right to this resource.',
  404: 'There is no such resource.',
  406: 'The answer cannot be given in a type the caller accepts.',
  408: 'The answer took too long.',
  409: 'The resource exists already, has another type, or was changed by somebody else.',
  413: 'The content is larger than allowed.',
  415: 'The content is not JSON.',
  429: 'Too many requests.',
  500: 'The platform failed.',
  502: 'The action failed.',
  503: 'The platform is overloaded.',
};

const common = [400, 401, 403, 404, 406, 500];
const writing = [...common, 409, 413, 415];
const running = [...common, 408, 409, 413, 415, 429, 503];

const path = (name: string, description: string): Json => ({ name, in: 'path', required: true, type: 'string', description });
const query = (name: string, type: string, description: string, more: Json = {}): Json => ({
  name,
  in: 'query',
  type,
  description,
  ...more,
});
const namespace = path('namespace', "Name of a namespace; `_` is the caller's own.");
const overwrite = query('overwrite', 'boolean', 'Whether an existing entity is changed.', { default: false });
const paging = [
  query('limit', 'integer', 'How many entities to list; 0 means the maximum.', { minimum: 0, maximum: 200, default: 30 }),
  query('skip', 'integer', 'How many entities to leave out.', { minimum: 0, default: 0 }),
  query('count', 'boolean', 'Whether only the number is given.', { default: false }),
];

interface Operation {
  id: string;
  summary: string;
  parameters: Json[];
  answers: Record<number, { description: string; schema?: Json }>;
  errors: number[];
  body?: { schema: string; required: boolean };
}

function operation({ id, summary, parameters, answers, errors, body }: Operation): Json {
  const failed = Object.fromEntries(errors.map((status) => [status, { description: errorTexts[status], schema: ref('ErrorMessage') }]));
  const bodyParameter = body ? [{ name: 'body', in: 'body', required: body.required, schema: ref(body.schema) }] : [];
  return { operationId: id, summary, parameters: [...parameters, ...bodyParameter], responses: { ...failed, ...answers } };
}

const ok = (schema?: Json, description = 'Done.') => ({ 200: { description, ...(schema ? { schema } : {}) } });

/** The routes of one kind of entity: list, get, put, delete. */
function collection(
  name: string,
  one: string,
  meta: string,
  put: string,
  more: { list?: Json[]; get?: Json[]; delete?: Json[] } = {},
): Record<string, Json> {
  const title = one.toLowerCase();
  const entity = path(`${title}Name`, `Name of the ${title}.`);
  return {
    [`/namespaces/{namespace}/${name}`]: {
      // with count=true a listing is an object with the number, so its schema is left open
      get: operation({
        id: `list${one}s`,
        summary: `Lists ${title}s, newest change first.`,
        parameters: [namespace, ...paging, ...(more.list ?? [])],
        answers: ok({}, `A list of ${meta}, or the number.`),
        errors: common,
      }),
    },
    [`/namespaces/{namespace}/${name}/{${title}Name}`]: {
      get: operation({
        id: `get${one}`,
        summary: `Gives one ${title}.`,
        parameters: [namespace, entity, ...(more.get ?? [])],
        answers: ok(ref(one)),
        errors: [...common, 409],
      }),
      put: operation({
        id: `put${one}`,
        summary: `Creates or changes a ${title}.`,
        parameters: [namespace, entity, overwrite],
        answers: ok(ref(one)),
        errors: writing,
        body: { schema: put, required: true },
      }),
      delete: operation({
        id: `delete${one}`,
        summary: `Deletes a ${title}.`,
        parameters: [namespace, entity, ...(more.delete ?? [])],
        answers: ok(ref(one)),
        errors: [...common, 409],
      }),
    },
  };
}

const waiting = [
  query('blocking', 'boolean', 'Whether to wait for the result.', { default: false }),
  query('result', 'boolean', 'Whether a blocking call answers with the result alone.', { default: false }),
  query('timeout', 'integer', 'How long to wait, ms.', { minimum: 1, maximum: 60_000, default: 60_000 }),
];
const activationAnswers = {
  200: { description: 'The record of the activation, or its result.', schema: {} },
  202: { description: 'Accepted; the activation goes on.', schema: ref('ActivationId') },
  500: { description: 'The platform failed to run the action.', schema: {} },
  502: { description: 'The action failed.', schema: {} },
};
const invoke = (id: string, parameters: Json[]): Json =>
  operation({
    id,
    summary: 'Invokes an action.',
    parameters: [namespace, ...parameters, ...waiting],
    answers: activationAnswers,
    errors: running,
    body: { schema: 'ActionPayload', required: false },
  });

function paths(): Record<string, Json> {
  const all: Record<string, Json> = {
    '/namespaces': {
      get: operation({
        id: 'getNamespaces',
        summary: "Gives the caller's namespace.",
        parameters: [],
        answers: ok({ type: 'array', items: { type: 'string' } }),
        errors: [400, 401, 406, 500],
      }),
    },
    ...collection('actions', 'Action', 'ActionMeta', 'ActionPut', {
      get: [query('code', 'boolean', 'Whether the code is included.', { default: true })],
    }),
    ...collection('triggers', 'Trigger', 'TriggerMeta', 'TriggerPut'),
    ...collection('rules', 'Rule', 'Rule', 'RulePut'),
    ...collection('packages', 'Package', 'PackageMeta', 'PackagePut', {
      delete: [query('force', 'boolean', 'Whether contained actions are deleted too.', { default: false })],
    }),
  };
  const named = (one: string) => all[`/namespaces/{namespace}/${one}s/{${one}Name}`]!;
  named('action').post = invoke('invokeAction', [path('actionName', 'Name of the action.')]);
  named('trigger').post = operation({
    id: 'fireTrigger',
    summary: 'Fires a trigger.',
    parameters: [namespace, path('triggerName', 'Name of the trigger.')],
    answers: { 202: { description: 'Fired.', schema: ref('ActivationId') }, 204: { description: 'No rule is active: nothing happens.' } },
    errors: running,
    body: { schema: 'TriggerPayload', required: false },
  });
  named('rule').post = {
    ...operation({
      id: 'setRuleStatus',
      summary: 'Activates or deactivates a rule.',
      parameters: [namespace, path('ruleName', 'Name of the rule.')],
      answers: { ...ok(), 202: { description: 'Accepted.' } },
      errors: writing,
      body: { schema: 'RuleStatus', required: true },
    }),
    produces: ['text/plain', 'application/json'],
  };
  const packaged = [path('packageName', 'Name of the package.'), path('actionName', 'Name of the action.')];
  const onAction = named('action');
  all['/namespaces/{namespace}/actions/{packageName}/{actionName}'] = Object.fromEntries(
    Object.entries(onAction).map(([method, described]) => {
      const { operationId, parameters, ...rest } = described as { operationId: string; parameters: Json[] };
      const others = parameters.filter((p) => p.in !== 'path');
      return [
        method,
        { ...rest, operationId: operationId.replace('Action', 'PackagedAction'), parameters: [namespace, ...packaged, ...others] },
      ];
    }),
  );
  const filters = [
    query('name', 'string', 'Only of this action, `name` or `package/name`.'),
    query('since', 'integer', 'Only those that began at this time or later, epoch ms.'),
    query('upto', 'integer', 'Only those that began at this time or earlier, epoch ms.'),
    query('docs', 'boolean', 'Whether whole records are listed.', { default: false }),
  ];
  const id = path('activationid', 'Id of the activation: 32 hexadecimal digits.');
  const one = (operationId: string, summary: string, schema: string): Json => ({
    get: operation({ id: operationId, summary, parameters: [namespace, id], answers: ok(ref(schema)), errors: common }),
  });
  const web = operation({
    id: '',
    summary: 'Calls a web action; what it answers is up to the action.',
    parameters: [namespace, ...packaged, path('extension', 'How the result is presented: http, json, html, svg or text.')],
    answers: {},
    errors: [],
  });
  const webMethods = ['get', 'put', 'delete', 'post'];
  const webOperation = (method: string): Json => ({
    ...web,
    operationId: `${method}WebAction`,
    responses: { default: { description: 'Any answer.' } },
  });
  return {
    ...all,
    '/web/{namespace}/{packageName}/{actionName}.{extension}': Object.fromEntries(
      webMethods.map((method) => [method, webOperation(method)]),
    ),
    '/namespaces/{namespace}/activations': {
      get: operation({
        id: 'listActivations',
        summary: 'Lists activations, newest first.',
        parameters: [namespace, ...paging, ...filters],
        answers: ok({}, 'A list of ActivationBrief or Activation, or the number.'),
        errors: common,
      }),
    },
    '/namespaces/{namespace}/activations/{activationid}': one('getActivation', 'Gives the record of an activation.', 'Activation'),
    '/namespaces/{namespace}/activations/{activationid}/logs': one(
      'getActivationLogs',
      'Gives the logs of an activation.',
      'ActivationLogs',
    ),
    '/namespaces/{namespace}/activations/{activationid}/result': one(
      'getActivationResult',
      'Gives the response of an activation.',
      'ActivationResult',
    ),
    '/namespaces/{namespace}/limits': {
      get: operation({
        id: 'getLimits',
        summary: 'Gives the limits of the namespace.',
        parameters: [namespace],
        answers: ok(ref('UserLimits')),
        errors: common,
      }),
    },
  };
}

/** The API under `/api/v1`, as a Swagger 2.0 document. */
export function apiDocument(version: string): Json {
  return {
    swagger: '2.0',
    info: { title: 'OpenWhisk REST API', description: 'Entities, invocations and activations of a serverless platform.', version },
    basePath: '/api/v1',
    consumes: ['application/json'],
    produces: ['application/json'],
    securityDefinitions: { basicAuth: { type: 'basic' } },
    security: [{ basicAuth: [] }],
    paths: paths(),
    definitions,
  };
}

/** What lies at the root, as a Swagger 2.0 document. */
export function rootDocument(version: string): Json {
  return {
    swagger: '2.0',
    info: { title: 'OpenWhisk', description: 'What a host offers.', version },
    basePath: '/',
    produces: ['application/json'],
    paths: {
      '/': {
        get: {
          operationId: 'getInfo',
          summary: 'Describes the host.',
          responses: { 200: { description: 'What the host offers.', schema: ref('Info') } },
        },
      },
    },
    definitions: rootDefinitions,
  };
}

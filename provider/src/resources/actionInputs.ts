import { checkLimits } from './actionLimits';
import { codeSizeProblem, kindOfCode } from './code/actionCode';
import { type Code, fingerprint } from './code/codeFiles';
import { codeOf } from './code/codeReader';
import { CodeError } from './errors';
import { checkNames, checkShape, text, withoutNulls } from './inputCheck';
import { checkKeyValues } from './keyValues';
import { withoutOwner } from './ownership';
import type { CheckFailure, CheckRequest, CheckResult, OperationContext } from './resourceModel';
import { containsUnknown, isValueMap, reveal, Secret, secretIf, UNKNOWN, type ValueMap } from './values';
import { checkWeb } from './webExport';

export const ACTION_PROPERTIES = {
  name: 'string',
  namespace: 'string',
  package: 'string',
  kind: 'string',
  code: 'any',
  bundle: 'boolean',
  main: 'string',
  image: 'string',
  parameters: 'map',
  initParameters: 'map',
  annotations: 'map',
  limits: 'map',
  web: 'any',
  webSecure: 'any',
  finalParameters: 'boolean',
  publish: 'boolean',
  // Computed by every check; here because a check is handed what the last one answered.
  codeFiles: 'any',
  codeHash: 'any',
} as const;

/** `family:version` or `family:default`. */
const KIND = /^[a-z0-9.+_-]+:[a-z0-9.+_-]+$/i;

/** Checks the inputs of an action, reads its code, and adds the kind and the hashes that follow from it. */
export async function checkAction(request: CheckRequest, context: OperationContext): Promise<CheckResult> {
  const inputs = withoutNulls(request.inputs);
  if (inputs.annotations !== undefined) inputs.annotations = withoutOwner(inputs.annotations)!;
  delete inputs.codeFiles;
  delete inputs.codeHash;
  const failures = [
    ...checkShape(inputs, ACTION_PROPERTIES),
    ...checkNames(inputs, request, context),
    ...checkKeyValues('parameters', inputs.parameters),
    ...checkKeyValues('initParameters', inputs.initParameters),
    ...checkKeyValues('annotations', inputs.annotations),
    ...checkLimits(inputs.limits),
    ...checkWeb(inputs),
    ...checkOverlap(inputs),
    ...checkImage(inputs),
  ];
  if (!failures.some(({ path }) => path[0] === 'code')) failures.push(...(await addCode(inputs, context)));
  if (typeof inputs.webSecure === 'string') inputs.webSecure = new Secret(inputs.webSecure);
  const kind = text(inputs.kind);
  if (kind !== undefined && kind !== 'blackbox' && kind !== 'sequence' && !KIND.test(kind)) {
    failures.push({ path: ['kind'], reason: `"${kind}" is not a kind: use one such as "nodejs:default" or "python:3.11"` });
  }
  return { inputs, failures };
}

function checkOverlap(inputs: ValueMap): CheckFailure[] {
  const parameters = reveal(inputs.parameters);
  const init = reveal(inputs.initParameters);
  if (!isValueMap(parameters) || !isValueMap(init)) return [];
  return Object.keys(init)
    .filter((key) => Object.hasOwn(parameters, key))
    .map((key) => ({
      path: ['initParameters', key],
      reason: `"${key}" is among the parameters too: a parameter is given at the start or with every call`,
    }));
}

function checkImage(inputs: ValueMap): CheckFailure[] {
  const kind = text(inputs.kind);
  if (kind === 'sequence')
    return [{ path: ['kind'], reason: 'a sequence is made of other actions and has no code: it is a resource of its own' }];
  if (inputs.image === undefined) {
    if (kind === 'blackbox') return [{ path: ['image'], reason: 'is required for the kind "blackbox"' }];
    return inputs.code === undefined
      ? [{ path: ['code'], reason: 'is required: give text, a file, a folder or an archive (or an image)' }]
      : [];
  }
  if (kind !== undefined && kind !== 'blackbox')
    return [{ path: ['kind'], reason: `an action with an image is of kind "blackbox", not "${kind}"` }];
  return [];
}

async function addCode(inputs: ValueMap, context: OperationContext): Promise<CheckFailure[]> {
  if (inputs.image !== undefined && inputs.kind === undefined) inputs.kind = 'blackbox';
  if (inputs.code === undefined) return [];
  if (containsUnknown(inputs.code)) {
    inputs.codeFiles = UNKNOWN;
    inputs.codeHash = UNKNOWN;
    return [];
  }
  let code: Code;
  try {
    code = await codeOf(inputs, context.programFolder);
  } catch (error) {
    if (error instanceof CodeError) return [{ path: ['code'], reason: error.message }];
    throw error;
  }
  if (inputs.kind === undefined) {
    const kind = kindOfCode(code);
    if (kind === undefined) return [{ path: ['kind'], reason: 'cannot be told from the code: set it, for example to "nodejs:default"' }];
    inputs.kind = kind;
  }
  const { files, hash } = fingerprint(code, text(inputs.kind));
  inputs.codeFiles = secretIf(inputs.code, files);
  inputs.codeHash = secretIf(inputs.code, hash);
  const problem = await codeSizeProblem(code);
  return problem === undefined ? [] : [{ path: ['code'], reason: problem }];
}

/** Whether two kinds may be the same: `family:default` stands for whichever version the platform chose. */
export function sameKind(left: string | undefined, right: string | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined) return false;
  const [leftFamily, leftVersion] = left.split(':');
  const [rightFamily, rightVersion] = right.split(':');
  return leftFamily === rightFamily && (leftVersion === 'default' || rightVersion === 'default');
}

import type { FunctionModel } from './functionModel';
import { getAction } from './getAction';
import { getActivations } from './getActivations';
import { getNamespace } from './getNamespace';
import { getPackage } from './getPackage';
import { invoke } from './invoke';

/** Every function of the package, by its token. */
const FUNCTIONS: Readonly<Record<string, FunctionModel>> = {
  'openwhisk:index:getAction': getAction,
  'openwhisk:index:getPackage': getPackage,
  'openwhisk:index:getNamespace': getNamespace,
  'openwhisk:index:getActivations': getActivations,
  'openwhisk:index:invoke': invoke,
};

export function functionOf(token: string): FunctionModel {
  const model = Object.hasOwn(FUNCTIONS, token) ? FUNCTIONS[token] : undefined;
  if (model === undefined) throw new Error(`This version of the openwhisk provider has no function "${token}".`);
  return model;
}

import { DiffResponse, PropertyDiff } from '@pulumi/pulumi/proto/provider_pb';
import { formatPropertyPath } from '../resources/propertyPath';
import type { DiffResult, PropertyChange, ResourceModel } from '../resources/resourceModel';

const KIND = {
  add: [PropertyDiff.Kind.ADD, PropertyDiff.Kind.ADD_REPLACE],
  update: [PropertyDiff.Kind.UPDATE, PropertyDiff.Kind.UPDATE_REPLACE],
  delete: [PropertyDiff.Kind.DELETE, PropertyDiff.Kind.DELETE_REPLACE],
} as const;

/** The changes in the form the engine shows them. */
export function diffResponse(result: DiffResult, model: Pick<ResourceModel, 'identity'>): DiffResponse {
  const response = new DiffResponse();
  response.setHasdetaileddiff(true);
  // Said even when nothing here replaces it: the program may ask for that on its own.
  response.setDeletebeforereplace(!result.changes.some(({ path }) => model.identity.includes(String(path[0]))));
  if (result.changes.length === 0) {
    response.setChanges(DiffResponse.DiffChanges.DIFF_NONE);
    return response;
  }
  response.setChanges(DiffResponse.DiffChanges.DIFF_SOME);
  response.setDiffsList(unique(result.changes));
  response.setReplacesList(unique(result.changes.filter((change) => change.replace)));
  for (const change of result.changes) {
    const diff = new PropertyDiff();
    diff.setKind(KIND[change.kind][change.replace ? 1 : 0]);
    // What is compared are inputs: the deployed ones and the wanted ones.
    diff.setInputdiff(true);
    response.getDetaileddiffMap().set(formatPropertyPath(change.path), diff);
  }
  return response;
}

function unique(changes: readonly PropertyChange[]): string[] {
  return [...new Set(changes.map((change) => String(change.path[0])))];
}

import type { ActionDocument, EntityDocument, PackageDocument, RuleDocument, RuleStatus, TriggerDocument } from './entities';
import type { Exec } from './exec';
import { annotationOf } from './parameters';

/** Entities as clients see them (reference rest-api, sections 3 to 6). */
export function actionJson(a: ActionDocument, options: { code: boolean; binding?: string }): object {
  return {
    ...common(a),
    exec: execJson(a.exec, options.code),
    limits: a.limits,
    parameters: a.parameters,
    ...(options.binding ? { binding: options.binding } : {}),
  };
}

export function triggerJson(t: TriggerDocument): object {
  return { ...common(t), parameters: t.parameters, limits: {}, ...(t.rules ? { rules: t.rules } : {}) };
}

export function ruleJson(r: RuleDocument, status?: RuleStatus): object {
  return { ...common(r), trigger: r.trigger, action: r.action, ...(status ? { status } : {}) };
}

export function packageJson(p: PackageDocument): object {
  return { ...common(p), parameters: p.parameters, binding: p.binding ?? {} };
}

/** One line of a listing. */
export function summaryJson(d: EntityDocument): object {
  switch (d.type) {
    case 'actions':
      return { ...common(d), limits: d.limits, exec: { binary: 'binary' in d.exec && d.exec.binary } };
    case 'rules':
      return ruleJson(d);
    case 'packages':
      return { ...common(d), binding: d.binding ?? false };
    default:
      return common(d);
  }
}

/** An action inside the answer to a GET of its package. */
export function packagedJson(a: ActionDocument): object {
  return { name: a.name, version: a.version, annotations: a.annotations };
}

export function isFeed(a: ActionDocument): boolean {
  return annotationOf(a.annotations, 'feed') !== undefined;
}

function common({ namespace, name, version, publish, annotations, updated }: EntityDocument): object {
  return { namespace, name, version, publish, annotations, updated };
}

function execJson(exec: Exec, withCode: boolean): object {
  if (withCode || exec.kind === 'sequence' || !('code' in exec)) return exec;
  const { code: _, ...rest } = exec;
  return rest;
}

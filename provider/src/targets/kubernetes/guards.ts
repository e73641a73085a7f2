import type { ServiceBlueprint } from '../../blueprint/blueprint';
import { ACTION_LABEL, type Manifest, NAMESPACE, SERVICE_LABEL } from './manifest';

/** What keeps a service from harm: how many of it may be taken away at a time, who may call it, and what it may do in the cluster. */
export function guards(service: ServiceBlueprint, labels: Readonly<Record<string, string>>, namespace: string): Manifest[] {
  return [
    ...(service.numbered || service.replicas > 1 ? [disruptions(service, labels)] : []),
    callers(service, labels),
    ...(service.startsContainers ? [...account(service, labels, namespace), actions(service, labels)] : []),
  ];
}

/** Nodes are emptied one instance at a time. */
function disruptions({ name }: ServiceBlueprint, labels: Readonly<Record<string, string>>): Manifest {
  return {
    key: `${name}-disruptions`,
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    name,
    labels,
    body: { spec: { maxUnavailable: 1, selector: { matchLabels: { [SERVICE_LABEL]: name } } } },
    after: [NAMESPACE],
  };
}

/** Actions reach nothing of the platform but who takes calls of everybody. Anything else that is not an action may look at metrics. */
function callers({ name, callers: named }: ServiceBlueprint, labels: Readonly<Record<string, string>>): Manifest {
  const noAction = { namespaceSelector: {}, podSelector: { matchExpressions: [{ key: ACTION_LABEL, operator: 'DoesNotExist' }] } };
  const from = named === undefined ? [noAction] : typeof named === 'string' ? [] : [{ podSelector: oneOf(named) }];
  return policy(`${name}-callers`, labels, {
    podSelector: { matchLabels: { [SERVICE_LABEL]: name } },
    policyTypes: ['Ingress'],
    ingress: [from.length === 0 ? {} : { from }],
  });
}

/** Nobody reaches an action but invokers. */
function actions({ name }: ServiceBlueprint, labels: Readonly<Record<string, string>>): Manifest {
  return policy('actions', labels, {
    podSelector: { matchLabels: { [ACTION_LABEL]: 'true' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { [SERVICE_LABEL]: name } } }] }],
  });
}

function oneOf(services: readonly string[]) {
  return { matchExpressions: [{ key: SERVICE_LABEL, operator: 'In', values: [...services] }] };
}

function policy(name: string, labels: Readonly<Record<string, string>>, spec: Record<string, unknown>): Manifest {
  return {
    key: `${name}-policy`,
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    name,
    labels,
    body: { spec },
    after: [NAMESPACE],
  };
}

/** Leave to make pods in the platform's own namespace, and nothing else. */
function account({ name }: ServiceBlueprint, labels: Readonly<Record<string, string>>, namespace: string): Manifest[] {
  const base = { name, labels, after: [NAMESPACE] };
  const rbac = { ...base, apiVersion: 'rbac.authorization.k8s.io/v1' };
  return [
    { ...base, key: `${name}-account`, apiVersion: 'v1', kind: 'ServiceAccount', body: {} },
    {
      ...rbac,
      key: `${name}-role`,
      kind: 'Role',
      body: {
        rules: [
          { apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete', 'get', 'list', 'watch'] },
          { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
        ],
      },
    },
    {
      ...rbac,
      key: `${name}-binding`,
      kind: 'RoleBinding',
      after: [`${name}-account`, `${name}-role`],
      body: {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      },
    },
  ];
}

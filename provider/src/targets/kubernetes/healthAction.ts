import { text } from '../../resources/inputCheck';
import type { OperationContext } from '../../resources/resourceModel';
import type { ValueMap } from '../../resources/values';
import { Proof } from '../proof';
import { proofModel } from '../proofModel';

const PROPERTIES = {
  kubeconfig: 'string',
  context: 'string',
  namespace: 'string',
  platform: 'string',
  scheme: 'string',
  adminKey: 'string',
  kind: 'string',
  revision: 'string',
} as const;
/** Where nginx listens in its pods. */
const PORTS = { api: 8080, admin: 8081 };
const LOG_LINES = 20;

/**
 * That a platform in a cluster works as a whole, proved through the API server: from a machine that the service for clients can't be reached
 * from, too, and before a load balancer has found it. Proved again when a part of it changed.
 */
export const clusterHealthActionModel = proofModel({
  properties: PROPERTIES,
  secrets: ['adminKey', 'kubeconfig'],
  provedAgain: ['namespace', 'platform', 'scheme', 'kind', 'revision'],
  prove,
});

async function prove(inputs: ValueMap, context: OperationContext): Promise<void> {
  const { Cluster } = await import('./cluster.mjs');
  const namespace = text(inputs.namespace)!;
  const [kubeconfig, kubeContext] = [text(inputs.kubeconfig), text(inputs.context)];
  const cluster = new Cluster({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(kubeContext === undefined ? {} : { context: kubeContext }),
  });
  const forwarded = await cluster.forward(namespace, 'nginx', [PORTS.api, PORTS.admin]);
  try {
    const [apiHost, adminUrl] = forwarded.ports.map((port) => `${text(inputs.scheme)}://127.0.0.1:${port}`) as [string, string];
    const way = {
      apiHost,
      adminUrl,
      adminKey: text(inputs.adminKey)!,
      kind: text(inputs.kind)!,
      lastWords: (link: string) => cluster.lastWords(namespace, link, LOG_LINES),
    };
    await new Proof(way, context).run();
  } finally {
    await forwarded.close();
  }
}

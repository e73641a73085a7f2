import { text } from '../../resources/inputCheck';
import type { OperationContext } from '../../resources/resourceModel';
import type { ValueMap } from '../../resources/values';
import { Proof } from '../proof';
import { proofModel } from '../proofModel';
import { DockerEngine } from './dockerEngine';
import { ENGINE_PROPERTIES, ENGINE_SECRETS, engineSettingsOf } from './engineSettings';

const PROPERTIES = {
  ...ENGINE_PROPERTIES,
  apiHost: 'string',
  adminUrl: 'string',
  adminKey: 'string',
  kind: 'string',
  platform: 'string',
  revision: 'string',
} as const;

/** Containers that stand for the parts of which there are several. */
const CONTAINERS = { nginx: 'nginx', controller: 'controller0', invoker: 'invoker0', couchdb: 'couchdb' } as const;
const LOG_LINES = 20;

/** That the platform works as a whole. Proved again when a part of it changed. */
export const healthActionModel = proofModel({
  properties: PROPERTIES,
  secrets: ['adminKey', ...ENGINE_SECRETS],
  provedAgain: ['apiHost', 'adminUrl', 'kind', 'platform', 'revision'],
  prove,
});

async function prove(inputs: ValueMap, context: OperationContext): Promise<void> {
  const proof = new Proof(
    {
      apiHost: text(inputs.apiHost)!,
      adminUrl: text(inputs.adminUrl)!,
      adminKey: text(inputs.adminKey)!,
      kind: text(inputs.kind)!,
      lastWords: async (link) => {
        const part = `${text(inputs.platform)}-${CONTAINERS[link]}`;
        const engine = new DockerEngine(engineSettingsOf(inputs));
        try {
          return { part, log: await engine.logTail(part, LOG_LINES) };
        } finally {
          engine.close();
        }
      },
    },
    context,
  );
  await proof.run();
}

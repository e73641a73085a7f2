import { setTimeout as sleep } from 'node:timers/promises';
import { Changes } from '../../resources/changes';
import { checkShape, text, withoutNulls } from '../../resources/inputCheck';
import type { OperationContext, ResourceModel } from '../../resources/resourceModel';
import { reveal, revealDeep, type ValueMap } from '../../resources/values';
import { type ContainerState, DockerEngine } from './dockerEngine';
import { FREE_SOME, isDiskFull } from './engineErrors';
import { ENGINE_PROPERTIES, ENGINE_SECRETS, engineSettingsOf } from './engineSettings';

const PROPERTIES = {
  ...ENGINE_PROPERTIES,
  container: 'string',
  containerId: 'string',
  service: 'string',
  test: 'list',
  timeout: 'number',
  settle: 'number',
} as const;
const POLL_MS = 250;
/** As the engine has it for its own checks. */
const TEST_TIMEOUT_MS = 5_000;
const TELL_MS = 5_000;
const MAX_RESTARTS = 5;
const LOG_LINES = 20;
const DEFAULT_TIMEOUT = 120;

/** A container did not become healthy. */
export class ServiceUnhealthy extends Error {
  override readonly name = 'ServiceUnhealthy';
}

/**
 * That a container is healthy: what starts after it depends on this. Made anew with each container, so a service of several rolls one by
 * one, and the error of one that does not come up shows what that one said.
 */
export const containerHealthModel: ResourceModel = {
  secretOutputs: ENGINE_SECRETS,
  identity: [],

  async check(request) {
    const inputs: ValueMap = withoutNulls(request.inputs);
    return { inputs, failures: checkShape(inputs, PROPERTIES) };
  },

  async diff({ oldInputs, inputs, ignored }) {
    const changes = new Changes(ignored);
    for (const property of ['container', 'containerId', 'service']) changes.value(property, oldInputs[property], inputs[property]);
    return { changes: changes.list };
  },

  async predict(inputs, old) {
    return { id: old?.id ?? '', outputs: { ...inputs } };
  },

  async create(inputs, context) {
    await waitUntilHealthy(inputs, context);
    return { id: text(inputs.container)!, outputs: { ...inputs } };
  },

  async read({ id, oldInputs, oldOutputs }) {
    if (oldInputs === undefined || oldOutputs === undefined)
      throw new Error('The health of a container is not a thing that can be imported.');
    return { id, inputs: oldInputs, outputs: oldOutputs };
  },

  async update({ inputs }, context) {
    await waitUntilHealthy(inputs, context);
    const settle = reveal(inputs.settle);
    // it took the place of another, whose callers have to find it first
    if (typeof settle === 'number' && settle > 0) await sleep(settle * 1000, undefined, { signal: context.signal }).catch(() => undefined);
    return { ...inputs };
  },

  async delete() {
    // It is a fact about a container, which has a resource of its own.
  },
};

async function waitUntilHealthy(inputs: ValueMap, context: OperationContext): Promise<void> {
  const engine = new DockerEngine(engineSettingsOf(inputs));
  try {
    await pollUntilHealthy(engine, inputs, context);
  } finally {
    engine.close();
  }
}

async function pollUntilHealthy(engine: DockerEngine, inputs: ValueMap, context: OperationContext): Promise<void> {
  const container = text(inputs.container)!;
  const service = text(inputs.service) ?? container;
  const timeout = reveal(inputs.timeout);
  const test = (revealDeep(inputs.test ?? []) as string[]).slice(1);
  const seconds = typeof timeout === 'number' ? timeout : DEFAULT_TIMEOUT;
  const end = Math.min(context.deadline, performance.now() + seconds * 1000);
  let told = Number.NEGATIVE_INFINITY;
  for (;;) {
    const state = await engine.state(container);
    if (state?.health === 'healthy' || (state?.running && state.health === undefined)) return;
    // the docker provider has just made it
    if (state === undefined) throw new ServiceUnhealthy(elsewhere(service, container, engine.address));
    const given = isHopeless(state) ? `ends with code ${state.exitCode} whenever it starts` : undefined;
    if (given !== undefined || performance.now() >= end || context.signal.aborted)
      throw new ServiceUnhealthy(await explain(engine, service, container, given ?? describe(state, seconds)));
    if (performance.now() - told > TELL_MS) {
      told = performance.now();
      context.log('info', `waiting for ${service} to be healthy`, { status: true });
    }
    // the engine begins with its checks after a while, and then has seconds between them
    if (state.running && test.length > 0 && (await engine.succeeds(container, test, TEST_TIMEOUT_MS))) return;
    await sleep(POLL_MS, undefined, { signal: context.signal }).catch(() => undefined);
  }
}

/** One more start may be luck; some of the parts need others that come up at the same time. */
function isHopeless({ running, restarts }: ContainerState): boolean {
  return !running && restarts >= MAX_RESTARTS;
}

function describe(state: ContainerState, seconds: number): string {
  if (state.outOfMemory) return 'ran out of memory';
  if (!state.running) return `ended with code ${state.exitCode}`;
  const check = state.lastCheck === '' ? '' : ` (its last check said: ${state.lastCheck.split('\n')[0]})`;
  return `was not healthy within ${seconds} s, which docker.healthTimeout sets${check}`;
}

/** One sentence on what broke, and what the container said last. */
async function explain(engine: DockerEngine, service: string, container: string, what: string): Promise<string> {
  const tail = (await engine.logTail(container, LOG_LINES)).trim();
  const log =
    tail === ''
      ? 'It logged nothing.'
      : `The end of its log:\n${tail
          .split('\n')
          .map((line) => `  ${line}`)
          .join('\n')}`;
  const advice = isDiskFull(`${what} ${tail}`) ? `the disk of the engine is full: ${FREE_SOME}` : 'correct that';
  return `The service "${service}" ${what}; ${advice} and run the update again. ${log}`;
}

function elsewhere(service: string, container: string, address: string): string {
  return `The service "${service}" is not on the Docker engine at ${address}, which has no container ${container}: when the docker provider is for another engine, name that in docker.engine too.`;
}

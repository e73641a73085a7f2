import { randomUUID } from 'node:crypto';
import { Changes } from '../../resources/changes';
import { requiredText, text } from '../../resources/inputCheck';
import type { OperationContext, PropertyChange, ResourceModel } from '../../resources/resourceModel';
import { reveal, UNKNOWN, type ValueMap } from '../../resources/values';
import { isHealthy } from './healthCheck';
import { ServiceFolder, type ServiceRecord } from './serviceFolder';
import { checkService, specOf, stopGraceOf, urlsOf } from './serviceInputs';
import { livingProcess, startService, stopService } from './supervisor';

/** How often a service that does not answer is asked again before it counts as unhealthy. */
const HEALTH_ATTEMPTS = 3;

/**
 * A process of the local target. It runs detached, so no engine has to stay; what it was started as is remembered beside its
 * data, and a diff looks whether it still lives: after a reboot or a crash the next deployment starts it again on the same data.
 */
export const serviceModel: ResourceModel = {
  secretOutputs: [],
  identity: [],

  check: checkService,

  async diff({ oldInputs, oldOutputs, inputs, ignored }, context) {
    const changes = new Changes(ignored);
    for (const property of ['name', 'program', 'programHash', 'command', 'host', 'health', 'dataDir', 'stopGrace']) {
      changes.value(property, oldInputs[property], inputs[property]);
    }
    changes.map('env', oldInputs.env, inputs.env);
    changes.map('ports', oldInputs.ports, inputs.ports);
    changes.value('retainData', oldInputs.retainData, inputs.retainData, { fallback: false });
    changes.value('status', oldInputs.status, inputs.status);
    if (!changes.list.some(({ path }) => path[0] === 'status') && !(await runs(oldOutputs, context))) {
      changes.list.push({ path: ['status'], kind: 'update' });
    }
    return { changes: changes.list };
  },

  async predict(inputs, old, context) {
    const outputs: ValueMap = { ...inputs, urls: urlsOf(inputs), pid: UNKNOWN, instanceId: UNKNOWN };
    if (old === undefined) return { id: '', outputs };
    const request = { id: old.id, oldInputs: old.inputs, oldOutputs: old.outputs, inputs, ignored: new Set<string>() };
    const { changes } = await serviceModel.diff(request, context);
    const kept: ValueMap = needsRestart(changes) ? {} : { pid: old.outputs.pid ?? UNKNOWN, instanceId: old.outputs.instanceId ?? UNKNOWN };
    return { id: old.id, outputs: { ...outputs, ...kept } };
  },

  async create(inputs, context) {
    const folder = folderOf(inputs, context);
    const left = await folder.readRecord();
    if (livingProcess(left) !== undefined) {
      context.log('warning', `A process of an earlier deployment (${left!.pid}) still uses ${text(inputs.dataDir)} and is stopped.`);
    }
    await stopService(left, stopGraceOf(inputs));
    const { isNew } = await folder.prepare();
    try {
      const record = await start(inputs, folder, context);
      return { id: record.instanceId, outputs: outputsOf(inputs, record) };
    } catch (error) {
      // Data that was there before belongs to someone; a folder made for this attempt is of no use to anyone.
      if (isNew) await folder.remove(false);
      throw error;
    }
  },

  async read({ id, oldInputs, oldOutputs }, context) {
    if (oldInputs === undefined || oldOutputs === undefined)
      throw new Error('A local service cannot be imported; declare it and let it be created.');
    const record = await folderOf(oldOutputs, context).readRecord();
    const status = await statusOf(oldOutputs, record, context);
    const { pid: _pid, instanceId: _instanceId, ...rest } = oldOutputs;
    const process: ValueMap = status === 'stopped' || record === undefined ? {} : { pid: record.pid, instanceId: record.instanceId };
    if (status !== 'running')
      context.log('warning', `The service "${text(oldOutputs.name)}" is ${status}; the next deployment starts it again.`);
    return { id, inputs: { ...oldInputs, status }, outputs: { ...rest, ...process, status } };
  },

  async update(request, context) {
    const { inputs, oldOutputs } = request;
    const { changes } = await serviceModel.diff(request, context);
    if (!needsRestart(changes)) return { ...oldOutputs, ...inputs };
    const before = folderOf(oldOutputs, context);
    const after = folderOf(inputs, context);
    context.log('info', `Restarting ${text(inputs.name)}`, { status: true });
    await stopService(await before.readRecord(), stopGraceOf(oldOutputs));
    await before.moveTo(after);
    await after.prepare();
    return outputsOf(inputs, await start(inputs, after, context));
  },

  async delete(_id, outputs, inputs, context) {
    const folder = folderOf(outputs, context);
    await stopService(await folder.readRecord(), stopGraceOf(outputs));
    const retain = reveal(outputs.retainData ?? inputs.retainData) === true;
    await folder.remove(retain);
    if (retain) context.log('info', `The data of "${text(outputs.name)}" is kept in ${text(outputs.dataDir)}.`);
  },
};

function folderOf(values: ValueMap, context: OperationContext): ServiceFolder {
  return new ServiceFolder(context.projectRoot, requiredText(values, 'dataDir'));
}

async function start(inputs: ValueMap, folder: ServiceFolder, context: OperationContext): Promise<ServiceRecord> {
  return startService(specOf(inputs, folder, randomUUID()), folder, {
    signal: context.signal,
    deadline: context.deadline,
    progress: (message) => context.log('info', message, { status: true }),
  });
}

function outputsOf(inputs: ValueMap, record: ServiceRecord): ValueMap {
  return { ...inputs, urls: urlsOf(inputs), pid: record.pid, instanceId: record.instanceId };
}

/** Whether to keep the data is a wish for later; everything else only a new process takes up. */
function needsRestart(changes: readonly PropertyChange[]): boolean {
  return changes.some(({ path }) => path[0] !== 'retainData' && path[0] !== 'stopGrace');
}

async function runs(outputs: ValueMap, context: OperationContext): Promise<boolean> {
  return livingProcess(await folderOf(outputs, context).readRecord()) !== undefined;
}

async function statusOf(
  outputs: ValueMap,
  record: ServiceRecord | undefined,
  context: OperationContext,
): Promise<'running' | 'stopped' | 'unhealthy'> {
  if (record === undefined || livingProcess(record) === undefined) return 'stopped';
  const { healthUrl } = specOf(outputs, folderOf(outputs, context), record.instanceId);
  for (let attempt = 0; attempt < HEALTH_ATTEMPTS; attempt++) if (await isHealthy(healthUrl, record.instanceId)) return 'running';
  return 'unhealthy';
}

import { type Pod, type PodState, podState } from './podState';

const container = (state: object) => ({ containerStatuses: [{ state }] });

it.each<[string, Pod['status'], PodState]>([
  ['nothing yet', undefined, { phase: 'pending', waitsFor: '' }],
  [
    'no node for it',
    {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available: 1 Insufficient memory.' }],
    },
    { phase: 'pending', waitsFor: '0/1 nodes are available: 1 Insufficient memory.' },
  ],
  [
    'on its way',
    { phase: 'Pending', ...container({ waiting: { reason: 'ContainerCreating' } }) },
    { phase: 'pending', waitsFor: 'ContainerCreating' },
  ],
  ['no address yet', { phase: 'Running', ...container({ running: {} }) }, { phase: 'pending', waitsFor: '' }],
  ['runs', { phase: 'Running', podIP: '10.0.0.1', ...container({ running: {} }) }, { phase: 'running', address: '10.0.0.1' }],
  [
    'no image',
    { phase: 'Pending', podIP: '10.0.0.1', ...container({ waiting: { reason: 'ImagePullBackOff', message: 'm' } }) },
    { phase: 'unusable', reason: 'ImagePullBackOff', message: 'm' },
  ],
  [
    'no command',
    { phase: 'Failed', ...container({ terminated: { reason: 'StartError', exitCode: 128, message: 'm' } }) },
    { phase: 'unusable', reason: 'StartError', message: 'm' },
  ],
  [
    'ended by itself',
    { phase: 'Succeeded', ...container({ terminated: { reason: 'Completed', exitCode: 0 } }) },
    { phase: 'ended', outOfMemory: false, why: 'its process ended with 0' },
  ],
  [
    'out of memory',
    { phase: 'Failed', ...container({ terminated: { reason: 'OOMKilled', exitCode: 137 } }) },
    { phase: 'ended', outOfMemory: true, why: 'its process ended with 137' },
  ],
  [
    'out of the memory of its pod as a whole',
    { phase: 'Failed', ...container({ terminated: { reason: 'Error', exitCode: 137 } }) },
    { phase: 'ended', outOfMemory: true, why: 'its process ended with 137' },
  ],
  [
    'thrown off its node',
    { phase: 'Failed', reason: 'Evicted', ...container({ terminated: { reason: 'Error', exitCode: 137 } }) },
    { phase: 'ended', outOfMemory: false, why: 'its process ended with 137' },
  ],
  [
    'refused by its node',
    { phase: 'Failed', reason: 'OutOfmemory', message: 'Node did not have enough resource' },
    { phase: 'ended', outOfMemory: false, why: 'OutOfmemory: Node did not have enough resource' },
  ],
])('%s', (_name, status, expected) => {
  const metadata = { name: 'a', uid: 'u' };
  expect(podState(status ? { metadata, status } : { metadata })).toEqual(expected);
});

it('is not out of memory when it was removed', () => {
  const pod = { metadata: { name: 'a', uid: 'u', deletionTimestamp: 'now' }, status: container({ terminated: { exitCode: 137 } }) };
  expect(podState(pod)).toMatchObject({ phase: 'ended', outOfMemory: false });
});

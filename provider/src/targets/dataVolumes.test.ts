import type { OperationContext } from '../resources/resourceModel';
import { dataVolumesModel } from './dataVolumes';

const context = {} as OperationContext;

const check = (volumes: string[], oldVolumes?: string[], allowDataLoss = false, retained = false) =>
  dataVolumesModel.check(
    {
      logicalName: 'data',
      inputs: { volumes, allowDataLoss },
      ...(oldVolumes === undefined ? {} : { oldInputs: { volumes: oldVolumes, retained, allowDataLoss: false } }),
    },
    context,
  );
const reasons = async (...args: Parameters<typeof check>) => (await check(...args)).failures.map(({ reason }) => reason);

it('accepts volumes that are new, and those there were', async () => {
  expect(await reasons(['p-kafka-data', 'p-couchdb-data'])).toEqual([]);
  expect(await reasons(['p-kafka-data', 'p-couchdb-data'], ['p-kafka-data'])).toEqual([]);
});

it('refuses an update without one of them, and says what to do', async () => {
  expect(await reasons(['p-kafka-data'], ['p-kafka-data', 'p-couchdb-data'])).toEqual([
    'the volume p-couchdb-data would be removed with all that is in it: save what you need and set allowDataLoss for this update, or leave it the service it belongs to',
  ]);
  expect((await reasons([], ['p-kafka-data', 'p-couchdb-data']))[0]).toContain(
    'the volumes p-kafka-data and p-couchdb-data would be removed',
  );
});

it('accepts that where it is asked for', async () => {
  expect(await reasons([], ['p-kafka-data', 'p-couchdb-data'], true)).toEqual([]);
});

it('accepts an update without one that was to be retained anyway', async () => {
  expect(await reasons([], ['p-kafka-data', 'p-couchdb-data'], false, true)).toEqual([]);
});

it('shows what is given up as a change', async () => {
  const old = { volumes: ['p-kafka-data'], allowDataLoss: false };
  const { changes } = await dataVolumesModel.diff(
    { id: 'x', oldInputs: old, oldOutputs: old, inputs: { volumes: [], allowDataLoss: true }, ignored: new Set() },
    context,
  );
  expect(changes.map(({ path }) => path[0])).toEqual(['volumes', 'allowDataLoss']);
});

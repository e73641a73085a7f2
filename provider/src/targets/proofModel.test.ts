import type { OperationContext } from '../resources/resourceModel';
import type { ValueMap } from '../resources/values';
import { proofModel } from './proofModel';

let proved: ValueMap[];
const model = proofModel({
  properties: { platform: 'string', key: 'string', revision: 'string' },
  secrets: ['key'],
  provedAgain: ['revision'],
  async prove(inputs) {
    if (inputs.revision === 'broken') throw new Error('an action does not get through');
    proved.push(inputs);
  },
});
const context = {} as OperationContext;
const inputs = (revision: string, key = 'k'): ValueMap => ({ platform: 'p', key, revision });
beforeEach(() => {
  proved = [];
});

it('is made when the platform has been proved, and not when it could not be', async () => {
  expect(await model.create(inputs('1'), context)).toMatchObject({ id: 'p' });
  await expect(model.create(inputs('broken'), context)).rejects.toThrow('does not get through');
  expect(proved).toEqual([inputs('1')]);
});

it.each<[string, ValueMap, string[]]>([
  ['the same', inputs('1'), []],
  ['another revision', inputs('2'), ['revision']],
  ['another key, which is no other platform', inputs('1', 'other'), []],
])('with %s it is proved again or not: %j', async (_title, now, changed) => {
  const before = inputs('1');
  const { changes } = await model.diff({ id: 'p', oldInputs: before, oldOutputs: before, inputs: now, ignored: new Set() }, context);
  expect(changes.map(({ path }) => path.join('.'))).toEqual(changed);
});

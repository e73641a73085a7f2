import { FakeOpenWhisk } from '../testing/fakeOpenWhisk';
import { Lifecycle } from '../testing/lifecycle';
import { testContext } from '../testing/operationContext';
import { actionModel } from './action';
import { packageModel } from './package';
import { packageBindingModel } from './packageBinding';
import type { ResourceModel } from './resourceModel';
import { ruleModel } from './rule';
import { sequenceModel } from './sequence';
import { triggerModel } from './trigger';
import type { ValueMap } from './values';

const fake = new FakeOpenWhisk();
let apiHost: string;
beforeAll(async () => {
  apiHost = await fake.listen();
});
afterAll(() => fake.close());
beforeEach(() => {
  fake.entities.clear();
  fake.failures.length = 0;
  fake.entities.set('guest/behind', { parameters: [] });
});

const as = (model: ResourceModel, urn = 'urn:pulumi:dev::p::t::it') =>
  new Lifecycle(model, testContext({ apiHost, logicalName: 'it', urn }));
const MODELS: [string, ResourceModel, ValueMap][] = [
  ['Package', packageModel, { annotations: { d: 1 } }],
  ['PackageBinding', packageBindingModel, { package: 'behind', annotations: { d: 1 } }],
  ['Action', actionModel, { code: 'x()', kind: 'nodejs:20', annotations: { d: 1 } }],
  ['Sequence', sequenceModel, { components: ['a'], annotations: { d: 1 } }],
  ['Trigger', triggerModel, { annotations: { d: 1 } }],
  ['Rule', ruleModel, { trigger: 't', action: 'a', annotations: { d: 1 }, status: 'inactive' }],
];

describe.each(MODELS)('%s', (_type, model, inputs) => {
  it('says whose it is without showing it to the program', async () => {
    const old = await as(model).create(inputs);
    const { annotations } = fake.entities.get('guest/it') as { annotations: { key: string; value: unknown }[] };
    expect(annotations).toContainEqual({ key: 'pulumi-urn', value: 'urn:pulumi:dev::p::t::it' });
    expect(await as(model).refresh(old)).toEqual(old);
    expect((await as(model).import('guest/it'))!.inputs.annotations).toEqual({ d: 1 });
    const copied = { ...inputs, annotations: { d: 1, 'pulumi-urn': 'another' } };
    expect(await as(model).diff(old, copied)).toEqual([]);
  });

  it('keeps saying so when its annotations change', async () => {
    const old = await as(model).create(inputs);
    await as(model).update(old, { ...inputs, annotations: { d: 2 } });
    const { annotations } = fake.entities.get('guest/it') as { annotations: unknown[] };
    expect(annotations).toContainEqual({ key: 'pulumi-urn', value: 'urn:pulumi:dev::p::t::it' });
    expect(annotations).toContainEqual({ key: 'd', value: 2 });
  });

  it('goes on where an interrupted update ended, with what is wanted now', async () => {
    await as(model).create({ ...inputs, annotations: { old: 1 } });
    const again = await as(model).create(inputs);
    expect(await as(model).diff(again, inputs)).toEqual([]);
    const live = (await as(model).refresh(again))!;
    expect(live.inputs).toEqual(again.inputs);
    expect(await as(model).diff({ ...again, ...live }, inputs)).toEqual([]);
  });

  it('never takes over what another resource made', async () => {
    await as(model, 'urn:pulumi:dev::other::t::it').create(inputs);
    await expect(as(model).create(inputs)).rejects.toThrow(/pulumi import/);
    fake.entities.delete('guest/it');
    await as(model).create(inputs);
    // A lost answer alone makes nothing one's own either.
    fake.failures.push('drop-before');
    await expect(as(model, 'urn:pulumi:dev::other::t::it').create(inputs)).rejects.toThrow(/pulumi import/);
  });
});

it('tells a feed anew that an interrupted update may have told already', async () => {
  const told: unknown[] = [];
  fake.entities.set('guest/f/feed', {});
  fake.handlers.set('guest/f/feed', ({ lifecycleEvent }) => told.push(lifecycleEvent));
  await as(triggerModel).create({});
  await as(triggerModel).create({ feed: 'f/feed' });
  expect(told).toEqual(['DELETE', 'CREATE']);
});

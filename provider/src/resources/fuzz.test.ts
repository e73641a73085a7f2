import fc from 'fast-check';
import { FakeOpenWhisk } from '../testing/fakeOpenWhisk';
import { Lifecycle } from '../testing/lifecycle';
import { testContext } from '../testing/operationContext';
import { actionModel } from './action';
import { namespaceModel } from './namespace';
import { packageModel } from './package';
import { packageBindingModel } from './packageBinding';
import { ruleModel } from './rule';
import { sequenceModel } from './sequence';
import { triggerModel } from './trigger';
import { Secret, SourceArchive, SourceFile, UNKNOWN, type Value, type ValueMap } from './values';

const fake = new FakeOpenWhisk();
let apiHost: string;
beforeAll(async () => {
  apiHost = await fake.listen();
});
afterAll(() => fake.close());

const RUNS = 60;
const key = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text !== '__proto__');
const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes('__proto__')) as fc.Arbitrary<Value>;
const secretOrPlain = fc.tuple(json, fc.boolean()).map(([value, hidden]) => (hidden ? new Secret(value) : value));
const map = fc.dictionary(key, secretOrPlain, { maxKeys: 4 }) as fc.Arbitrary<ValueMap>;
const annotations = fc.dictionary(
  key.filter((name) => !['exec', 'final', 'provide-api-key'].includes(name)),
  json,
  { maxKeys: 3 },
) as fc.Arbitrary<ValueMap>;
const source = fc.string({ minLength: 1 }).filter((text) => !/^[A-Za-z0-9+/=\s]*$/.test(text));
const archive = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,6}(\.js)?$/), source, { minKeys: 1, maxKeys: 3 })
  .map(
    (files) =>
      new SourceArchive({ entries: Object.fromEntries(Object.entries(files).map(([path, text]) => [path, new SourceFile({ text })])) }),
  );
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const record = (fields: Record<string, fc.Arbitrary<Value | undefined>>) =>
  fc.record(fields).map((values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as ValueMap);

const actionInputs = record({
  code: fc.oneof(source, archive),
  kind: fc.constantFrom('nodejs:default', 'nodejs:20', 'python:default'),
  main: optional(fc.constant('run')),
  parameters: optional(map),
  annotations: optional(annotations),
  limits: optional(
    record({ memory: optional(fc.integer({ min: 128, max: 512 })), timeout: optional(fc.integer({ min: 100, max: 1000 })) }),
  ),
  web: optional(fc.constantFrom(true, false, 'raw')),
  finalParameters: optional(fc.boolean()),
  package: optional(fc.constant('p')),
});

it.each([
  ['Action', actionModel, actionInputs],
  ['Package', packageModel, record({ parameters: optional(map), annotations: optional(annotations), publish: optional(fc.boolean()) })],
  ['Trigger', triggerModel, record({ parameters: optional(map), annotations: optional(annotations) })],
  ['PackageBinding', packageBindingModel, record({ package: fc.constantFrom('b', '/guest/b', 'guest/b'), parameters: optional(map) })],
  [
    'Sequence',
    sequenceModel,
    record({
      components: fc.array(fc.constantFrom('a', 'p/a', '/guest/p/a', '/_/b'), { minLength: 1, maxLength: 4 }),
      annotations: optional(annotations),
      web: optional(fc.constantFrom(true, false, 'raw')),
    }),
  ],
  [
    'Rule',
    ruleModel,
    record({
      trigger: fc.constantFrom('t', '/guest/t', '/_/t'),
      action: fc.constantFrom('a', 'p/a', '/guest/p/a'),
      status: optional(fc.constantFrom('active', 'inactive')),
    }),
  ],
  [
    'Namespace',
    namespaceModel,
    record({ limits: optional(record({ firesPerMinute: optional(fc.nat(100)) })), blocked: optional(fc.boolean()) }),
  ],
] as const)(
  '%s: no diff with itself, after a refresh or after an import; two inputs meet after an update',
  async (_type, model, inputs) => {
    await fc.assert(
      fc.asyncProperty(inputs as fc.Arbitrary<ValueMap>, inputs as fc.Arbitrary<ValueMap>, async (one, two) => {
        fake.entities.clear();
        fake.namespaces.clear();
        fake.entities.set('guest/b', { parameters: [{ key: 'inherited', value: 1 }] });
        const it = new Lifecycle(model, testContext({ apiHost }));
        const old = await it.create(one);
        expect(await it.diff(old, one)).toEqual([]);
        const live = await it.refresh(old);
        expect(live).toEqual(old);
        const imported = (await it.import(old.id))!;
        expect(await it.diff(imported, imported.inputs)).toEqual([]);
        expect(await it.diff(imported, one)).toEqual([]);
        const moved = one.package === two.package;
        if (!moved) return;
        const updated = await it.update(old, two);
        expect(await it.diff(updated, two)).toEqual([]);
        const liveAfter = (await it.refresh(updated))!;
        expect(await it.diff({ ...updated, ...liveAfter }, two)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  },
);

it('no input, however strange, makes a check or a diff fail', async () => {
  const anything: fc.Arbitrary<Value> = fc.oneof(json, fc.constant(UNKNOWN), fc.constant(new Secret(UNKNOWN)), archive, map);
  const names = [
    'name',
    'namespace',
    'package',
    'kind',
    'code',
    'parameters',
    'annotations',
    'limits',
    'web',
    'webSecure',
    'trigger',
    'action',
    'status',
    'auth',
    'subject',
    'publish',
    'image',
    'components',
    'feed',
    'feedParameters',
    'feedPaused',
    'rotateKey',
  ];
  const strange = fc.dictionary(fc.oneof(fc.constantFrom(...names), key), anything, { maxKeys: 6 }) as fc.Arbitrary<ValueMap>;
  await fc.assert(
    fc.asyncProperty(strange, strange, async (one, two) => {
      for (const [model, id] of [
        [actionModel, 'n/a'],
        [packageModel, 'n/p'],
        [triggerModel, 'n/t'],
        [packageBindingModel, 'n/b'],
        [sequenceModel, 'n/s'],
        [ruleModel, 'n/r'],
        [namespaceModel, 'n'],
      ] as const) {
        const context = testContext({ apiHost });
        const before = await model.check({ logicalName: 'x', inputs: one }, context);
        const after = await model.check({ logicalName: 'x', inputs: two, oldInputs: before.inputs }, context);
        await model.diff({ id, oldInputs: before.inputs, oldOutputs: {}, inputs: after.inputs, ignored: new Set() }, context);
      }
    }),
    { numRuns: 200 },
  );
});

import fc from 'fast-check';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import { Secret, SourceArchive, SourceFile, UNKNOWN, type Value, type ValueMap } from '../resources/values';
import { structFromValues, valuesFromStruct } from './propertyValues';

const SIGNATURE = '4dabf18193072939515e22adb298388d';
const overTheWire = (values: ValueMap) => valuesFromStruct(Struct.deserializeBinary(structFromValues(values).serializeBinary()));

it('carries every sort of value there and back', () => {
  const values: ValueMap = {
    text: 'x',
    list: [1, true, null, { deep: new Secret(['s']) }],
    secret: new Secret({ a: UNKNOWN }),
    unknown: UNKNOWN,
    file: new SourceFile({ path: 'a.js', hash: 'h1' }),
    archive: new SourceArchive({ path: 'dir', hash: 'h2' }),
    map: new SourceArchive({
      entries: { 'a.js': new SourceFile({ uri: 'http://h/a.js' }), lib: new SourceArchive({ path: 'lib' }) },
      hash: 'h3',
    }),
  };
  expect(overTheWire(values)).toEqual(values);
});

it('loses nothing of any JSON', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()).filter((map) => !JSON.stringify(map).includes('__proto__')),
      (map) => {
        const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
        expect(plain(overTheWire(map as ValueMap))).toEqual(plain(map));
      },
    ),
  );
});

it.each<[string, object, Value]>([
  ['a secret', { [SIGNATURE]: '1b47061264138c4ac30d75fd1eb44270', value: 'x' }, new Secret('x')],
  ['an unknown output', { [SIGNATURE]: 'd0e6a833031e9bbcd3f4e8bde6ca49a4' }, UNKNOWN],
  ['a secret output', { [SIGNATURE]: 'd0e6a833031e9bbcd3f4e8bde6ca49a4', value: 'x', secret: true }, new Secret('x')],
  ['a resource', { [SIGNATURE]: '5cf8f73096256a8f31e491e813e4eb8e', urn: 'urn:x', id: 'the-id' }, 'the-id'],
  ['a component', { [SIGNATURE]: '5cf8f73096256a8f31e491e813e4eb8e', urn: 'urn:x' }, 'urn:x'],
  ['an empty file', { [SIGNATURE]: 'c44067f5952c0a294b673a41bacd8c17' }, new SourceFile({ text: '' })],
  ['a file of the past', { [SIGNATURE]: 'c44067f5952c0a294b673a41bacd8c17', hash: 'h', text: '' }, new SourceFile({ hash: 'h' })],
  ['an archive of the past', { [SIGNATURE]: '0def7320c3a5731c473e5ecbe6d01bc7', hash: 'h', assets: {} }, new SourceArchive({ hash: 'h' })],
])('reads %s', (_what, wire, value) => {
  expect(valuesFromStruct(Struct.fromJavaScript({ it: wire as never }))).toEqual({ it: value });
});

it('reads every unknown the engine has', () => {
  const all = ['1c4a061d-8072-4f0a-a4cb-0ff528b18fe7', '3eeb2bf0-c639-47a8-9e75-3b44932eb421', 'dd056dcd-154b-4c76-9bd3-c8f88648b5ff'];
  expect(valuesFromStruct(Struct.fromJavaScript({ all }))).toEqual({ all: [UNKNOWN, UNKNOWN, UNKNOWN] });
});

it('gives a file made here its hash', () => {
  const [wire] = Object.values(structFromValues({ it: new SourceFile({ text: 'abc' }) }).toJavaScript());
  expect(wire).toMatchObject({ hash: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' });
});

it('refuses what it does not know rather than passing it on', () => {
  expect(() => valuesFromStruct(Struct.fromJavaScript({ it: { [SIGNATURE]: 'something new' } }))).toThrow(
    /of a sort this plugin does not know/,
  );
});

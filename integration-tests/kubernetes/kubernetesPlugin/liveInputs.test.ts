import { Secret, UNKNOWN, type ValueMap } from '../../../provider/src/resources/values';
import { checkedInputs } from './checkedInputs';
import { importedInputs, liveInputs, withTextsAsData } from './liveInputs';
import { objectDiff } from './objectDiff';

const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' };
const secretKind = { apiVersion: 'v1', kind: 'Secret' };
const configMap = { apiVersion: 'v1', kind: 'ConfigMap' };

describe('inputs of an object as it is', () => {
  it('have the fields that were given, with the values of the cluster', () => {
    const inputs = { metadata: { name: 'a' }, spec: { replicas: 2, gone: 'x', list: [{ port: 1 }], empty: {}, off: false } };
    const live = { metadata: { name: 'a', uid: 'u' }, spec: { replicas: 3, more: 1, list: [{ port: 2, protocol: 'TCP' }] }, status: {} };
    expect(liveInputs(inputs, live, deployment)).toEqual({
      metadata: { name: 'a' },
      spec: { replicas: 3, list: [{ port: 2 }], empty: {}, off: false },
    });
  });

  it('have a whole list when others have added to it or taken from it', () => {
    const live: ValueMap = { list: [{ port: 1, protocol: 'TCP' }, { port: 2 }] };
    expect(liveInputs({ list: [{ port: 1 }] }, live, deployment)).toEqual(live);
  });

  it.each([
    ['1024Mi', '1Gi'],
    ['0.5', '500m'],
    [1, '1'],
    ['1000m', '1'],
  ])('keep %s, which the API writes as %s', (given, written) => {
    expect(liveInputs({ memory: given }, { memory: written }, deployment)).toEqual({ memory: given });
    expect(liveInputs({ memory: given }, { memory: '2Gi' }, deployment)).toEqual({ memory: '2Gi' });
  });

  it('have the texts of a Secret as texts, and hidden', () => {
    const inputs = { stringData: new Secret({ key: 'old', gone: 'x' }) };
    const live = { data: { key: Buffer.from('new').toString('base64') } };
    expect(liveInputs(inputs, live, secretKind)).toEqual({ stringData: new Secret({ key: 'new' }) });
    expect(withTextsAsData({ stringData: { key: 'new' }, data: { more: 'eA==' } }, secretKind)).toEqual({
      data: { key: 'bmV3', more: 'eA==' },
    });
  });

  it('are all that can have been set when it is imported', () => {
    const live: ValueMap = { ...configMap, metadata: { name: 'a', namespace: 'n', uid: 'u', generation: 1 }, data: { a: 'b' }, status: {} };
    expect(importedInputs(live)).toEqual({ ...configMap, metadata: { name: 'a', namespace: 'n' }, data: { a: 'b' } });
  });
});

describe('inputs when they are checked', () => {
  const options = { kind: configMap, logicalName: 'words', seed: Buffer.from('seed'), namespace: 'default' };

  it('get a name that stays until the object is made anew', () => {
    const first = checkedInputs({ data: { a: 'b', none: null } }, options);
    expect(first).toMatchObject({ ...configMap, data: { a: 'b' }, metadata: { namespace: 'default' } });
    const { name } = first.metadata as ValueMap;
    expect(name).toMatch(/^words-[0-9a-f]{8}$/);
    expect(checkedInputs({}, { ...options, seed: Buffer.from('other'), before: first }).metadata).toMatchObject({ name });
    expect((checkedInputs({}, { ...options, seed: Buffer.from('other') }).metadata as ValueMap).name).not.toBe(name);
  });

  it('keep the name they have, also one that is not known yet', () => {
    expect(checkedInputs({ metadata: { name: UNKNOWN, namespace: 'n' } }, options).metadata).toEqual({ name: UNKNOWN, namespace: 'n' });
    const wide = { ...options, kind: { apiVersion: 'v1', kind: 'Namespace' } };
    expect(checkedInputs({ metadata: { name: 'n' } }, wide).metadata).toEqual({ name: 'n' });
  });
});

describe('a difference', () => {
  const named = (more: ValueMap) => ({ metadata: { name: 'a', namespace: 'n' }, ...more });

  it('is told by its path, and replaces where a field can not be changed', () => {
    const before = named({ spec: { replicas: 1, selector: { matchLabels: { a: 'b' } }, list: [1, 2] } });
    const after = named({ spec: { replicas: 2, selector: { matchLabels: { a: 'c' } }, list: [1] } });
    const diff = objectDiff(deployment, before, after);
    expect([...diff.properties.keys()].sort()).toEqual(['spec.list[1]', 'spec.replicas', 'spec.selector.matchLabels.a']);
    expect(diff.replaces).toEqual(['spec.selector.matchLabels.a']);
    expect(diff.deleteBeforeReplace).toBe(true);
  });

  it('lets the new object be made first where its name is another, or is chosen', () => {
    const renamed = objectDiff(deployment, named({}), { metadata: { name: 'b', namespace: 'n' } });
    expect(renamed).toMatchObject({ replaces: ['metadata.name'], deleteBeforeReplace: false });
    const chosen = { metadata: { name: 'a', annotations: { 'pulumi.com/autonamed': 'true' } } };
    const content = objectDiff(configMap, { ...chosen, data: { a: 'b' } }, { ...chosen, data: { a: 'c' } });
    expect(content).toMatchObject({ replaces: ['data.a'], deleteBeforeReplace: false });
  });

  it('is none between values that are hidden and the same', () => {
    expect(objectDiff(secretKind, { data: new Secret({ a: 'b' }) }, { data: { a: new Secret('b') } }).properties.size).toBe(0);
  });
});

import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import type { OperationContext } from '../resources/resourceModel';
import { reveal, Secret, UNKNOWN, type ValueMap } from '../resources/values';
import { certificateModel } from './certificate';

const context = {} as OperationContext;
const inputs = { names: ['api.example.com', '*.api.example.com', '127.0.0.1'], days: 90 };
const DAY = 86_400_000;

async function made(given: ValueMap = inputs): Promise<ValueMap> {
  return (await certificateModel.create(given, context)).outputs;
}

const plain = (outputs: ValueMap, name: string) => reveal(outputs[name]) as string;
const x509 = (outputs: ValueMap, name: string) => new X509Certificate(plain(outputs, name));

/** Renews as the engine would in so many days. */
async function inDays<T>(days: number, work: () => Promise<T>): Promise<T> {
  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + days * DAY);
  try {
    return await work();
  } finally {
    clock.mockRestore();
  }
}

const diff = (oldOutputs: ValueMap, given: ValueMap = inputs) =>
  certificateModel.diff({ id: 'x', oldInputs: inputs, oldOutputs, inputs: given, ignored: new Set() }, context);
const update = (oldOutputs: ValueMap, given: ValueMap = inputs) =>
  certificateModel.update({ id: 'x', oldInputs: inputs, oldOutputs, inputs: given, ignored: new Set() }, context);

it('is accepted by who trusts its authority, for its names, and by nobody else', async () => {
  const outputs = await made();
  const server = createServer({ cert: plain(outputs, 'certificate'), key: plain(outputs, 'key') }, (_, answer) => answer.end('served'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = async (connect: object) => {
    const dispatcher = new Agent({ connect });
    const answered = request(`https://127.0.0.1:${port}/`, { dispatcher });
    return answered.then(({ body }) => body.text()).finally(() => dispatcher.destroy());
  };
  try {
    const ca = plain(outputs, 'caCertificate');
    expect(await ask({ ca })).toBe('served');
    expect(await ask({ ca, servername: 'guest.api.example.com' })).toBe('served');
    await expect(ask({ ca, servername: 'elsewhere.example.com' })).rejects.toThrow(/altnames/);
    await expect(ask({})).rejects.toThrow(/verify|self-signed/);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

it('has its keys as secrets', async () => {
  const outputs = await made();
  for (const name of ['key', 'authorityKey']) expect(outputs[name]).toBeInstanceOf(Secret);
  expect(certificateModel.secretOutputs).toEqual(['key', 'authorityKey']);
});

it('stays as it is until its end is near, and is then renewed by the same authority', async () => {
  const outputs = await made();
  expect((await diff(outputs)).changes).toEqual([]);
  expect((await inDays(59, () => diff(outputs))).changes).toEqual([]);
  expect((await inDays(61, () => diff(outputs))).changes).toEqual([{ path: ['expires'], kind: 'update' }]);
  const renewed = await inDays(61, () => update(outputs));
  expect(renewed.caCertificate).toBe(outputs.caCertificate);
  expect(x509(renewed, 'certificate').verify(x509(outputs, 'caCertificate').publicKey)).toBe(true);
  expect(Date.parse(plain(renewed, 'expires')) - Date.parse(plain(outputs, 'expires'))).toBeGreaterThan(60 * DAY);
});

it('is renewed by another text, other names or another time', async () => {
  const outputs = await made();
  for (const change of [{ renewal: '2' }, { names: ['a'] }, { days: 30 }] as ValueMap[])
    expect((await diff(outputs, { ...inputs, ...change })).changes).toHaveLength(1);
  const renewed = await update(outputs, { ...inputs, renewal: '2' });
  expect(x509(renewed, 'certificate').serialNumber).not.toBe(x509(outputs, 'certificate').serialNumber);
});

it('has another authority when the old one would end before what it signs', async () => {
  const outputs = await made();
  const renewed = await inDays(3600, () => update(outputs));
  expect(renewed.caCertificate).not.toBe(outputs.caCertificate);
});

it('shows in a preview what will be another', async () => {
  const first = await certificateModel.predict(inputs, undefined, context);
  expect(first.outputs).toMatchObject({ certificate: UNKNOWN, caCertificate: UNKNOWN });
  const outputs = await made();
  const later = await certificateModel.predict(inputs, { id: 'x', inputs, outputs }, context);
  expect(later.outputs).toMatchObject({ certificate: UNKNOWN, caCertificate: outputs.caCertificate });
});

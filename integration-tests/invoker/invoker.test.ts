import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { HandedJournal } from '../../platform/src/invoker/handedJournal';
import type { ActivationRecord } from '../../platform/src/model/activation';
import { createLogger } from '../../platform/src/observe/logger';
import { InvokerBench } from './invokerBench';
import { eventually, isAlive } from './runtimeProcess';

const benches: InvokerBench[] = [];
async function bench(options: ConstructorParameters<typeof InvokerBench>[0] = {}): Promise<InvokerBench> {
  const made = new InvokerBench(options);
  benches.push(made);
  await made.invoker.start();
  return made;
}
afterEach(async () => {
  for (const made of benches.splice(0)) await made.close();
});

const echo = 'function main(a) { return a }';
const who = 'const born = process.pid; function main(a) { return { born } }';
const result = (record: ActivationRecord) => JSON.parse(record.response.result!);
const annotation = (record: ActivationRecord, key: string) => record.annotations.find((a) => a.key === key)?.value;

describe('an activation', () => {
  it('is answered and recorded with all its facts', async () => {
    const b = await bench();
    b.put('echo', { code: 'function main(a) { console.log("line"); return a }' });
    const { record } = await b.invoke('echo', { a: 1 }, { cause: 'c'.repeat(32), action: { binding: 'ns/bound' } });
    expect(record).toMatchObject({ namespace: 'ns', name: 'echo', subject: 'subject', version: '0.0.1', cause: 'c'.repeat(32), logs: [] });
    expect(record.response).toEqual({ statusCode: 0, result: '{"a":1}', size: 7 });
    expect(record.duration).toBe(record.end - record.start);
    expect(Object.fromEntries(record.annotations.map((a) => [a.key, a.value]))).toEqual({
      path: 'ns/echo',
      kind: 'nodejs:20',
      limits: { timeout: 60_000, memory: 256, logs: 10, concurrency: 1 },
      timeout: false,
      waitTime: expect.any(Number),
      initTime: expect.any(Number),
      causedBy: 'sequence',
      binding: 'ns/bound',
    });
    const stored = await b.recorded(record.activationId);
    expect(stored).toEqual({ ...record, logs: [expect.stringMatching(/ stdout: line$/)] });
    const warm = await b.invoke('echo', {});
    expect(annotation(warm.record, 'initTime')).toBeUndefined();
  });

  it('without a caller that waits is acknowledged without its record', async () => {
    const b = await bench();
    b.put('echo', { code: echo });
    const { acknowledgements, id } = await b.invoke('echo', { a: 1 }, { blocking: false });
    expect(acknowledgements).toEqual([
      {
        activationId: id,
        transactionId: 'tid',
        transactionStart: expect.any(Number),
        slotFree: true,
        isSystemError: false,
        invoker: 'invoker0',
      },
    ]);
    expect(result((await b.recorded(id))!)).toEqual({ a: 1 });
  });

  it('of a namespace that stores none is recorded on demand only', async () => {
    const b = await bench();
    b.put('echo', { code: echo });
    const quiet = await b.invoke('echo', {}, { limits: { storeActivations: false } });
    const loud = await b.invoke('echo', {}, { limits: { storeActivations: false }, extraLogging: true });
    expect(await b.recorded(loud.id)).toBeDefined();
    expect(b.records.has(quiet.id)).toBe(false);
  });

  it.each([
    ['gone', 'missing', 1, 'Action could not be found or may have been deleted.'],
    ['unreadable', 'unreadable', 3, 'Action could not be fetched.'],
    ['of a kind nobody knows', 'strange', 3, 'Action version is not compatible and cannot be invoked.'],
  ])('whose action is %s is recorded without a container', async (_name, action, statusCode, error) => {
    const b = await bench();
    b.put('strange', { code: '', kind: 'cobol:1' });
    const { record, acknowledgements } = await b.invoke(action, {});
    expect(record.response).toEqual({ statusCode, result: JSON.stringify({ error }) });
    expect(record.annotations).toEqual([
      { key: 'path', value: `ns/${action}` },
      { key: 'kind', value: 'unknown' },
    ]);
    expect(record).toMatchObject({ start: record.end, duration: 0 });
    expect(acknowledgements.at(-1)).toMatchObject({ slotFree: true, isSystemError: statusCode === 3 });
    expect(await b.recorded(record.activationId)).toBeDefined();
  });

  it('that cannot have a container is a fault of the platform', async () => {
    const b = await bench();
    b.put('java', { code: 'x', kind: 'java:8' });
    const { record } = await b.invoke('java', {});
    expect(record.response).toEqual({ statusCode: 3, result: '{"error":"Failed to provision resources to run the action."}' });
    expect(annotation(record, 'kind')).toBe('java:8');
  });

  it.each([
    ['does not end', 'function main() { return new Promise(() => {}) }', 'The action exceeded its time limits of 2000 milliseconds.', true],
    ['does not end loading', 'for (;;);', 'The action exceeded its time limits of 2000 milliseconds during initialization.', true],
    ['exits', 'function main() { process.exit(0) }', 'The action did not produce a valid response and exited unexpectedly.', false],
    ['exits loading', 'process.exit(0)', 'The action did not initialize and exited unexpectedly.', false],
  ])('that %s is told so', async (_name, code, error, timeout) => {
    const b = await bench();
    b.put('bad', { code, limits: { timeout: 2000 } });
    const { record } = await b.invoke('bad', {});
    expect(record.response).toEqual({ statusCode: 2, result: JSON.stringify({ error }) });
    expect(annotation(record, 'timeout')).toBe(timeout);
    const stored = await b.recorded(record.activationId);
    expect(stored!.logs.at(-1)).toMatch(/ stderr: The action did not initialize or run as expected\. Log data might be missing\.$/);
    await eventually(() => b.invoker.status.containers === 0);
  });

  it('whose result is too large gets the beginning of it', async () => {
    const b = await bench({ payload: 1_000, truncation: 20 });
    b.put('big', { code: 'function main() { return { text: "x".repeat(2000) } }' });
    const { record } = await b.invoke('big', {});
    expect(record.response.statusCode).toBe(1);
    expect(result(record).error).toBe(
      `The action produced a response that exceeded the allowed length: 2011 > 1000 bytes. The truncated response was: {"text":"${'x'.repeat(11)}`,
    );
    expect(record.response.size).toBe(2_011);
    expect((await b.invoke('big', {})).record.response.statusCode).toBe(1);
  });
});

describe('containers', () => {
  it('are used again by the same action and by nobody else', async () => {
    const b = await bench();
    b.put('one', { code: who });
    b.put('two', { code: who });
    const born = async (action: string, more: object = {}) => result((await b.invoke(action, {}, more)).record).born;
    const first = await born('one');
    expect(await born('one')).toBe(first);
    const others = [await born('two'), await born('one', { namespace: 'other' })];
    b.put('one', { code: who, revision: '2' });
    others.push(await born('one', { action: { revision: '2' } }));
    expect(new Set([first, ...others]).size).toBe(4);
  });

  it('are removed when nobody uses them', async () => {
    const b = await bench({ idleContainer: 3000, pauseGrace: 200 });
    b.put('one', { code: who });
    const { born } = result((await b.invoke('one', {})).record);
    await new Promise((resolve) => setTimeout(resolve, 350));
    // paused meanwhile, and used again
    expect(result((await b.invoke('one', {})).record).born).toBe(born);
    await eventually(() => b.invoker.status.containers === 0);
    expect(isAlive(born)).toBe(false);
  });

  it('that died meanwhile cost nobody an activation', async () => {
    const b = await bench();
    b.put('one', { code: who });
    const { born } = result((await b.invoke('one', {})).record);
    process.kill(born, 'SIGKILL');
    await eventually(() => !isAlive(born));
    // a request that is under way when the end becomes known may have run: that one would not be repeated
    await new Promise((resolve) => setTimeout(resolve, 200));
    const again = await b.invoke('one', {});
    expect(again.record.response.statusCode).toBe(0);
    expect(result(again.record).born).not.toBe(born);
  });

  it('make room for one another within the memory there is', async () => {
    const b = await bench({ userMemory: 512 });
    for (const name of ['a', 'b', 'c', 'd']) b.put(name, { code: who });
    for (const name of ['a', 'b', 'c', 'd', 'a']) {
      expect((await b.invoke(name, {})).record.response.statusCode).toBe(0);
      expect(b.invoker.status.memory).toBeLessThanOrEqual(512);
    }
  });
});

describe('many at a time', () => {
  it('two hundred of ten actions: each answered once, each recorded once', async () => {
    const b = await bench({ userMemory: 2048 });
    for (let i = 0; i < 10; i++)
      b.put(`a${i}`, { code: `function main(a) { console.log(a.n); return { action: ${i}, n: a.n } }`, kind: 'nodejs:20' });
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => b.invoke(`a${n % 10}`, { n })));
    expect(answers.map((a) => result(a.record))).toEqual(Array.from({ length: 200 }, (_, n) => ({ action: n % 10, n })));
    for (const [n, { id, acknowledgements }] of answers.entries()) {
      expect(acknowledgements.filter((a) => a.record)).toHaveLength(1);
      expect(acknowledgements.filter((a) => a.slotFree)).toHaveLength(1);
      expect((await b.recorded(id))!.logs.map((l) => l.slice(31))).toEqual([`stdout: ${n}`]);
    }
    expect(b.stores).toBe(200);
    expect(b.invoker.status.memory).toBeLessThanOrEqual(2048);
  });
});

describe('the end', () => {
  it('a drain waits for what was taken, and for its record', async () => {
    const b = await bench();
    b.put('slow', { code: 'function main() { return new Promise((r) => setTimeout(() => r({ done: 1 }), 300)) }' });
    const slow = b.invoke('slow', {});
    await eventually(() => b.invoker.status.containers === 1);
    await b.invoker.drain();
    expect(b.records.has((await slow).id)).toBe(true);
    expect(result((await slow).record)).toEqual({ done: 1 });
  });

  it('a close ends what runs, and records it', async () => {
    const b = await bench();
    const began = join(mkdtempSync(join(tmpdir(), 'began-')), 'began');
    b.put('never', { code: 'function main({ began }) { require("fs").writeFileSync(began, ""); return new Promise(() => {}) }' });
    const never = b.invoke('never', { began });
    await eventually(() => existsSync(began));
    await b.invoker.close();
    rmSync(dirname(began), { recursive: true });
    const { record, id } = await never;
    expect(record.response.statusCode).toBe(2);
    expect(b.records.has(id)).toBe(true);
    expect(b.invoker.status).toMatchObject({ containers: 0, memory: 0 });
  });

  it('a store that is full for a while loses nothing', async () => {
    const b = await bench();
    b.put('echo', { code: echo });
    b.fullFor = 3;
    const { id } = await b.invoke('echo', {});
    expect(await b.recorded(id)).toBeDefined();
    expect(b.fullFor).toBe(0);
  });
});

describe('an activation that comes again after a crash', () => {
  const directory = mkdtempSync(join(tmpdir(), 'handed-'));
  const log = createLogger('silent', 'test');
  let b: InvokerBench;
  /** An invoker whose earlier life gave activations to containers, and one that it did not. */
  const earlier = ['unknown', 'idempotent', 'recorded'];
  beforeEach(async () => {
    const crashed = new HandedJournal(directory, log);
    for (const [offset, id] of earlier.entries()) crashed.mark(offset, id);
    b = await bench({ handed: new HandedJournal(directory, log) });
    b.put('action', { code: echo });
    b.put('again', { code: echo, annotations: [{ key: 'idempotent', value: true }] });
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('and was not given to a container runs', async () => {
    expect(result((await b.invoke('action', { a: 1 }, { id: 'new' })).record)).toEqual({ a: 1 });
  });

  it('and may have run ends as a failure of the platform', async () => {
    const { record, acknowledgements } = await b.invoke('action', { a: 1 }, { id: 'unknown' });
    expect(record.response).toMatchObject({
      statusCode: 3,
      result: expect.stringContaining('before the outcome of this activation was known'),
    });
    expect(acknowledgements).toMatchObject([{ slotFree: true, isSystemError: false }]);
    expect(await b.recorded('unknown')).toEqual(record);
  });

  it('and may have run runs again where its action allows that', async () => {
    expect(result((await b.invoke('again', { a: 1 }, { id: 'idempotent' })).record)).toEqual({ a: 1 });
  });

  it('and was recorded is told again, and neither run nor recorded again', async () => {
    const { record } = await b.invoke('action', { a: 1 }, { id: 'first' });
    b.records.set('recorded', { ...record, activationId: 'recorded', logs: ['line'] });
    const { stores } = b;
    const { acknowledgements } = await b.invoke('action', { a: 2 }, { id: 'recorded' });
    expect(acknowledgements).toMatchObject([{ slotFree: true, isSystemError: false, record: { activationId: 'recorded', logs: [] } }]);
    expect(b.stores).toBe(stores);
  });
});

describe('a step of an orchestration that may have been sent twice', () => {
  const late = (copy: string) => ({ after: Date.now() - 1000, copy });

  it('runs when it is the copy that counts, also when that comes again', async () => {
    const b = await bench();
    b.put('action', { code: echo });
    expect(result((await b.invoke('action', { a: 1 }, { id: 'step', claim: late('one') })).record)).toEqual({ a: 1 });
    b.claims.set('moved', 'one');
    expect(result((await b.invoke('action', { a: 2 }, { id: 'moved', claim: late('one') })).record)).toEqual({ a: 2 });
  });

  it('does not run when another copy counts, and gets no record from this one', async () => {
    const b = await bench();
    b.put('action', { code: echo });
    b.claims.set('step', 'other');
    const { acknowledgements } = await b.invoke('action', { a: 1 }, { id: 'step', claim: late('one') });
    expect(acknowledgements).toMatchObject([{ slotFree: true, isSystemError: false }]);
    expect(acknowledgements[0]!.record).toBeUndefined();
    await b.invoker.drain();
    expect(b.records.has('step')).toBe(false);
  });

  it('does not run when there is a record: that is told', async () => {
    const b = await bench();
    b.put('action', { code: echo });
    const { record } = await b.invoke('action', { a: 1 }, { id: 'first' });
    b.records.set('step', { ...record, activationId: 'step' });
    const { acknowledgements } = await b.invoke('action', { a: 2 }, { id: 'step', claim: late('one') });
    expect(acknowledgements).toMatchObject([{ record: { response: { result: '{"a":1}' } }, slotFree: true }]);
  });

  it('that was sent in time asks nobody', async () => {
    const b = await bench();
    b.put('action', { code: echo });
    b.claims.set('step', 'other');
    const claim = { after: Date.now() + 10_000, copy: 'one' };
    expect(result((await b.invoke('action', { a: 1 }, { id: 'step', claim })).record)).toEqual({ a: 1 });
  });

  it('is not begun as long as the store does not say whether it counts', async () => {
    const b = await bench();
    b.put('action', { code: echo });
    b.failure = new Error('away');
    const invoked = b.invoke('action', { a: 1 }, { id: 'step', claim: late('one') });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(b.invoker.status.containers).toBe(0);
    b.failure = undefined;
    expect(result((await invoked).record)).toEqual({ a: 1 });
  });
});

describe('a message that was there before the invoker got its place', () => {
  it('counts when nobody else has it, also when it comes again', async () => {
    const b = await bench();
    b.put('action', { code: echo });
    b.bus.inherited = true;
    expect(result((await b.invoke('action', { a: 1 }, { id: 'left' })).record)).toEqual({ a: 1 });
    expect(b.claims.get('left')).toBe('invoker0@0');
    b.claims.set('again', 'invoker0@1');
    expect(result((await b.invoke('action', { a: 2 }, { id: 'again' })).record)).toEqual({ a: 2 });
  });

  it('does not run when it was given to another invoker', async () => {
    const b = await bench();
    b.put('action', { code: echo });
    b.bus.inherited = true;
    b.claims.set('taken', 'other');
    const { acknowledgements } = await b.invoke('action', {}, { id: 'taken' });
    expect(acknowledgements).toMatchObject([{ slotFree: true, isSystemError: false }]);
    await b.invoker.drain();
    expect(b.records.has('taken')).toBe(false);
  });

  it('is claimed under the name that it was sent with', async () => {
    const b = await bench();
    b.put('action', { code: echo });
    b.bus.inherited = true;
    b.claims.set('step', 'one');
    const claim = { after: Date.now() + 10_000, copy: 'one' };
    expect(result((await b.invoke('action', { a: 1 }, { id: 'step', claim })).record)).toEqual({ a: 1 });
  });

  it('is claimed only when work may begin: else others would take it for not begun', async () => {
    let go = () => {};
    let wait: Promise<void> | undefined = new Promise((resolve) => {
      go = resolve;
    });
    const b = await bench({ mayBegin: () => wait });
    b.put('action', { code: echo });
    b.bus.inherited = true;
    const invoked = b.invoke('action', { a: 1 }, { id: 'left' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const claimed = b.claims.has('left');
    wait = undefined;
    go();
    expect(result((await invoked).record)).toEqual({ a: 1 });
    expect(claimed).toBe(false);
  });
});

describe('a store that fails', () => {
  it('gets the record when it works again', async () => {
    const b = await bench();
    b.put('echo', { code: echo });
    b.failure = new Error('down');
    const { id } = await b.invoke('echo', {}, {});
    b.failure = undefined;
    expect(result((await b.recorded(id))!)).toEqual({});
  });

  it('for good is not waited for when the invoker closes', async () => {
    const b = await bench();
    b.put('echo', { code: echo });
    b.failure = new Error('down');
    await b.invoke('echo', {}, {});
    await b.close();
  });

  it('on one record gets a shorter one', async () => {
    const b = await bench();
    b.put('echo', { code: echo });
    b.refused = (record) => record.response.statusCode === 0;
    const { id } = await b.invoke('echo', { a: 1 }, {});
    expect((await b.recorded(id))?.response).toMatchObject({ statusCode: 3, result: expect.stringContaining('could not be kept') });
  });
});

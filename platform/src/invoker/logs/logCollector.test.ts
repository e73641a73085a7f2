import { PassThrough } from 'node:stream';
import { sentinel } from './lineSplitter';
import { LogCollector } from './logCollector';
import { WaitingRoom } from './waitingRoom';

const mark = `${sentinel}\n`;

class Bench {
  time = 0;
  readonly room = new WaitingRoom(() => this.time);
  readonly collector = new LogCollector(this.room);
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();

  constructor(limit = 1024, sentinelled = true) {
    this.collector.attach('stdout', this.stdout);
    this.collector.attach('stderr', this.stderr);
    this.collector.configure({ limit, sentinelled });
  }

  async write(out: string | Buffer, err = ''): Promise<void> {
    if (out.length > 0) this.stdout.write(out);
    if (err !== '') this.stderr.write(err);
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets waiting time pass. */
  pass(ms: number): void {
    this.time += ms;
    this.room.look();
  }
}

const text = (lines: string[]) => lines.map((line) => line.slice(31));
const benches: Bench[] = [];
function bench(limit?: number, sentinelled?: boolean): Bench {
  const made = new Bench(limit, sentinelled);
  benches.push(made);
  return made;
}
afterEach(() => {
  for (const b of benches.splice(0)) b.room.close();
});

it('gives the lines at once when both streams have ended the activation', async () => {
  const b = bench();
  b.collector.begin();
  await b.write(`hello\n${mark}`, `oops\n${mark}`);
  const logs = b.collector.collect(false);
  expect(logs).not.toBeInstanceOf(Promise);
  expect((logs as { lines: string[] }).lines[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z stdout: hello$/);
  expect(text((logs as { lines: string[] }).lines)).toEqual(['stdout: hello', 'stderr: oops']);
});

it('waits for the sentinel of the slower stream', async () => {
  const b = bench();
  b.collector.begin();
  await b.write(mark);
  const logs = b.collector.collect(false);
  await b.write('', `late\n${mark}`);
  expect(text((await logs).lines)).toEqual(['stderr: late']);
});

it('keeps the lines of activations apart', async () => {
  const b = bench();
  b.collector.begin();
  await b.write(`load\none\n${mark}between\n`, mark);
  expect(text((await b.collector.collect(false)).lines)).toEqual(['stdout: load', 'stdout: one']);
  b.collector.begin();
  await b.write(`two\n${mark}`, mark);
  expect(text((await b.collector.collect(false)).lines)).toEqual(['stdout: between', 'stdout: two']);
});

it('serves activations at the same time in the order they end', async () => {
  const b = bench();
  b.collector.begin();
  b.collector.begin();
  const first = b.collector.collect(false);
  const second = b.collector.collect(false);
  await b.write(`one\n${mark}two\n${mark}`, mark + mark);
  expect(text((await first).lines)).toEqual(['stdout: one']);
  expect(text((await second).lines)).toEqual(['stdout: two']);
});

describe('limits', () => {
  const truncated = 'stderr: Logs were truncated because the total bytes size exceeds the limit of 10 bytes.';

  it('stops at the limit and says so last', async () => {
    const b = bench(10);
    b.collector.begin();
    await b.write(`1234\n1234\n12\n${mark}`, `x\n${mark}`);
    expect(text((await b.collector.collect(false)).lines)).toEqual(['stdout: 1234', 'stdout: 1234', truncated]);
  });

  it('finds the sentinel in dropped output, however it is cut', async () => {
    const b = bench(10);
    b.collector.begin();
    await b.write('x'.repeat(100));
    await b.write(`${'y'.repeat(50_000)}\n${sentinel.slice(0, 9)}`);
    await b.write(sentinel.slice(9));
    await b.write('\nnext\n', mark);
    expect(text((await b.collector.collect(false)).lines)).toEqual([truncated]);
    b.collector.begin();
    await b.write(mark, mark);
    expect(text((await b.collector.collect(false)).lines)).toEqual(['stdout: next']);
  });

  it('of zero collects nothing, also after a failure', async () => {
    const b = bench(0);
    for (const failed of [false, true]) {
      b.collector.begin();
      await b.write(`x\n${mark}`, mark);
      expect(b.collector.collect(failed)).toEqual({ lines: [], complete: true });
    }
  });
});

describe('a missing sentinel', () => {
  it('is given up after two seconds without output', async () => {
    const b = bench();
    b.collector.begin();
    await b.write('x\n', mark);
    const logs = b.collector.collect(false);
    b.pass(1_900);
    await b.write('y\n');
    b.pass(1_900);
    b.pass(200);
    const { lines, complete } = await logs;
    expect(text(lines)).toEqual([
      'stdout: x',
      'stdout: y',
      'stderr: There was an issue while collecting your logs. Data might be missing.',
    ]);
    expect(complete).toBe(false);
  });

  it('is given up in the end, whatever is written', async () => {
    const b = bench();
    b.collector.begin();
    const logs = b.collector.collect(false);
    for (let t = 0; t < 9_000; t += 1_000) {
      b.pass(1_000);
      await b.write('x\n');
    }
    b.pass(1_000);
    expect((await logs).complete).toBe(false);
  });

  it('that comes while nothing runs does not end the next activation', async () => {
    const b = bench();
    b.collector.begin();
    await b.write('x\n', mark);
    const first = b.collector.collect(false);
    b.pass(3_000);
    await first;
    await b.write(mark);
    b.collector.begin();
    await b.write('own\n');
    const second = b.collector.collect(false);
    await b.write(`more\n${mark}`, mark);
    expect(text((await second).lines)).toEqual(['stdout: own', 'stdout: more']);
  });

  it('is not expected of a runtime that promised none: a short silence is enough, and no notice follows', async () => {
    const b = bench(1024, false);
    b.collector.begin();
    await b.write('x\n');
    const logs = b.collector.collect(false);
    b.pass(40);
    await b.write('', 'late\n');
    b.pass(40);
    b.pass(10);
    const { lines, complete } = await logs;
    expect(text(lines)).toEqual(['stdout: x', 'stderr: late']);
    expect(complete).toBe(true);
  });

  it('is used where it comes though nobody promised it', async () => {
    const b = bench(1024, false);
    b.collector.begin();
    await b.write(`x\n${mark}`, mark);
    expect(b.collector.collect(false)).not.toBeInstanceOf(Promise);
  });
});

describe('a failed activation', () => {
  const notice = 'stderr: The action did not initialize or run as expected. Log data might be missing.';

  it('has a last line that says so', async () => {
    const b = bench();
    b.collector.begin();
    await b.write(`x\n${mark}`, mark);
    expect(text((await b.collector.collect(true)).lines)).toEqual(['stdout: x', notice]);
  });

  it('is not waited for long', async () => {
    const b = bench();
    b.collector.begin();
    const logs = b.collector.collect(true);
    await b.write('x\n');
    b.pass(150);
    expect(text((await logs).lines)).toEqual(['stdout: x', notice]);
  });

  it('ends with its streams', async () => {
    const b = bench();
    b.collector.begin();
    const logs = b.collector.collect(true);
    b.stdout.end('last\n');
    b.stderr.destroy();
    expect(text((await logs).lines)).toEqual(['stdout: last', notice]);
  });
});

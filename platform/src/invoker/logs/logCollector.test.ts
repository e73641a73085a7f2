import { PassThrough } from 'node:stream';
import { sentinel } from './lineSplitter';
import { LogCollector, logNotices } from './logCollector';
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

describe('both streams in one', () => {
  const at = (second: number) => `2026-01-01T00:00:0${second}.000000001Z`;

  function merged(delay = 0) {
    let time = 0;
    const room = new WaitingRoom(() => time);
    const collector = new LogCollector(room);
    collector.configure({ limit: 1024, sentinelled: true });
    const output = collector.attachMerged(delay);
    const write = (line: string, second = 0) => output.take(Buffer.from(`${line}\n`), at(second));
    const pass = (ms: number) => {
      time += ms;
      room.look();
    };
    rooms.push(room);
    return { collector, output, write, pass };
  }
  const rooms: WaitingRoom[] = [];
  afterEach(() => {
    for (const room of rooms.splice(0)) room.close();
  });

  it('end an activation with the second sentinel, and bring the time of each line', async () => {
    const { collector, write } = merged();
    collector.begin();
    write('one', 1);
    write(sentinel, 2);
    const logs = collector.collect(false);
    expect(logs).toBeInstanceOf(Promise);
    write('two', 3);
    write(sentinel, 4);
    write('of the next', 5);
    expect(await logs).toEqual({ lines: [`${at(1)} stdout: one`, `${at(3)} stdout: two`], complete: true });
    collector.begin();
    write(sentinel);
    write(sentinel);
    expect(collector.collect(false)).toEqual({ lines: [`${at(5)} stdout: of the next`], complete: true });
  });

  it('do not end the next activation with what was missing of one given up', async () => {
    const { collector, write, pass } = merged();
    collector.begin();
    write(sentinel);
    const first = collector.collect(false);
    pass(2_000);
    expect((await first).complete).toBe(false);
    write(sentinel);
    collector.begin();
    write(sentinel);
    write('own');
    const second = collector.collect(false);
    expect(second).toBeInstanceOf(Promise);
    write(sentinel);
    expect(text((await second).lines)).toEqual(['stdout: own']);
  });

  it('leave to one given up in an interruption what comes of it afterwards', async () => {
    const { collector, output, write, pass } = merged();
    collector.begin();
    write('before');
    write(sentinel);
    output.interrupt();
    const first = collector.collect(false);
    pass(2_000);
    expect((await first).complete).toBe(false);
    collector.begin();
    const second = collector.collect(false);
    for (const line of ['after', sentinel, 'own', sentinel, sentinel]) write(line);
    expect(text((await second).lines)).toEqual(['stdout: own']);
    collector.begin();
    for (const line of ['next', sentinel, sentinel]) write(line);
    expect(text((await collector.collect(false)).lines)).toEqual(['stdout: next']);
  });

  it.each([
    ['nobody promised a sentinel', false, false],
    ['the action failed', true, true],
  ])('expect none after an interruption when %s', async (_name, sentinelled, failed) => {
    const { collector, output, write, pass } = merged();
    collector.configure({ limit: 1024, sentinelled });
    collector.begin();
    output.interrupt();
    const first = collector.collect(failed);
    pass(200);
    await first;
    collector.begin();
    const second = collector.collect(false);
    for (const line of ['own', sentinel, sentinel]) write(line);
    expect(text((await second).lines)).toEqual(['stdout: own']);
  });

  it('are waited for longer where they come late', async () => {
    const { collector, write, pass } = merged(300);
    collector.begin();
    const logs = collector.collect(true);
    pass(350);
    write('late');
    pass(400);
    expect(text((await logs).lines)).toEqual(['stdout: late', `stderr: ${logNotices.failed}`]);
  });

  it('tell a flood to wait', () => {
    const { collector, output } = merged();
    collector.begin();
    const flood = Buffer.alloc(600 * 1024, 'x');
    expect([0, 1, 2].map(() => output.take(flood, at(0)))).toEqual([true, false, true]);
  });

  it('end with their connection', async () => {
    const { collector, output, write } = merged();
    collector.begin();
    write('x');
    const logs = collector.collect(false);
    output.close();
    expect(text((await logs).lines)).toEqual(['stdout: x']);
  });
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

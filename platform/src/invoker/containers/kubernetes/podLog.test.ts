import { Readable } from 'node:stream';
import { KubernetesApiError, KubernetesForbiddenError } from './apiErrors';
import { PodLog } from './podLog';

const time = (second: number, nanos = 1) => `2026-01-01T00:00:0${second}.${String(nanos).padStart(9, '0')}Z`;

/** One answer of the API: its bytes, and whether it breaks in the end. Or a refusal. */
type Piece = { bytes: string | Buffer[]; breaks?: boolean } | Error;

/** What a log that comes so brings, and from where each answer was asked for. The pod has ended when the last answer is asked for. */
async function follow(...answers: Piece[]) {
  const taken: { text: string; time: string }[] = [];
  const bytesTaken: Buffer[] = [];
  const asked: (string | undefined)[] = [];
  const refusals: string[] = [];
  let closed = 0;
  let interruptions = 0;
  const log = new PodLog({
    open: async (sinceTime) => {
      const answer = answers[asked.push(sinceTime) - 1]!;
      if (answer instanceof Error) throw answer;
      const { bytes, breaks = true } = answer;
      return Readable.from(
        (async function* () {
          for (const chunk of typeof bytes === 'string' ? [Buffer.from(bytes)] : bytes) yield chunk;
          if (breaks) throw new Error('ECONNRESET');
        })(),
      );
    },
    output: {
      take: (bytes, at) => {
        taken.push({ text: bytes.toString(), time: at });
        bytesTaken.push(Buffer.from(bytes));
        return true;
      },
      interrupt: () => interruptions++,
      close: () => closed++,
    },
    isAlive: () => asked.length < answers.length - 1,
    refused: (error) => refusals.push(error.message),
  });
  await log.follow();
  // told each time it will be taken up again
  expect([interruptions, closed]).toEqual([Math.max(0, asked.length - 1), 1]);
  return { taken, asked, refusals, text: Buffer.concat(bytesTaken).toString() };
}

it('takes the time off each line and hands it on', async () => {
  const { taken, asked } = await follow({ bytes: `${time(1)} one\n${time(2)} \n${time(3)} a b\n` });
  expect(taken).toEqual([
    { text: 'one\n', time: time(1) },
    { text: '\n', time: time(2) },
    { text: 'a b\n', time: time(3) },
  ]);
  expect(asked).toEqual([undefined]);
});

it('does not depend on how it is cut', async () => {
  const bytes = Buffer.from(`${time(1)} ünï\n${time(2)} two\nnotice of the kubelet\n\n${time(3)} three\n`);
  for (const size of [1, 2, 7, 31, 1_000]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
    const { taken, text } = await follow({ bytes: pieces });
    expect(text).toBe('ünï\ntwo\nthree\n');
    expect([...new Set(taken.map((t) => t.time))]).toEqual([time(1), time(2), time(3)]);
  }
});

it('gives times of another zone, and shorter ones, in UTC with nine digits', async () => {
  const { taken } = await follow({ bytes: '2026-01-01T02:00:05.25+02:00 x\n' });
  expect(taken).toEqual([{ text: 'x\n', time: '2026-01-01T00:00:05.250000000Z' }]);
});

describe('taken up again', () => {
  it('asks from the second on and leaves out the lines that were there', async () => {
    const early = `${time(1)} a\n${time(2, 1)} b\n${time(2, 5)} c\n`;
    const again = `${time(2, 1)} b\n${time(2, 5)} c\n${time(2, 6)} d\n${time(3)} e\n`;
    const { text, asked } = await follow({ bytes: early }, { bytes: again });
    expect(text).toBe('a\nb\nc\nd\ne\n');
    expect(asked).toEqual([undefined, '2026-01-01T00:00:02Z']);
  });

  it('counts rather than compares: the streams write times out of order', async () => {
    const before = `${time(2, 5)} a\n${time(2, 3)} b\n`;
    const { text } = await follow({ bytes: before }, { bytes: `${before}${time(2, 4)} c\n` });
    expect(text).toBe('a\nb\nc\n');
  });

  it('goes on in the line that was under way', async () => {
    const { text, taken } = await follow(
      { bytes: `${time(1)} a\n${time(2)} hello, wo` },
      { bytes: `${time(1)} a\n${time(2)} hello, world\n${time(2)} x\n` },
    );
    expect(text).toBe('a\nhello, world\nx\n');
    expect(taken.map((t) => t.time)).toEqual([time(1), time(2), time(2), time(2)]);
  });

  it('ends a line under way whose rest was cut away', async () => {
    const { text } = await follow({ bytes: `${time(1)} a\n${time(2)} hel` }, { bytes: `${time(3)} new\n` });
    expect(text).toBe('a\nhel\nnew\n');
  });

  it('does not leave out later lines when the log was cut meanwhile', async () => {
    const before = [1, 2, 3].map((n) => `${time(2, n)} ${n}\n`).join('');
    const { text } = await follow({ bytes: before }, { bytes: `${time(2, 3)} 3\n${time(2, 4)} 4\n${time(2, 5)} 5\n` });
    expect(text).toBe('1\n2\n3\n4\n5\n');
  });

  it('again while what comes again has not all come', async () => {
    const whole = [1, 2, 3, 4].map((n) => `${time(2, n)} ${n}\n`);
    const { text } = await follow(
      { bytes: whole.slice(0, 3).join('') },
      { bytes: `${whole[0]}${whole[1]!.slice(0, 10)}` },
      { bytes: whole.join('') },
    );
    expect(text).toBe('1\n2\n3\n4\n');
  });

  it('when it could not be opened, or ended while the pod lives', async () => {
    const { text, asked } = await follow(
      new KubernetesApiError('container is waiting to start: ContainerCreating', 400),
      { bytes: `${time(1)} a\n`, breaks: false },
      { bytes: `${time(1)} a\n${time(1)} b\n`, breaks: false },
    );
    expect(text).toBe('a\nb\n');
    expect(asked).toHaveLength(3);
  });
});

it('ends with a pod that is not there', async () => {
  const { asked } = await follow(new KubernetesApiError('pods "x" not found', 404), new Error('not asked'), new Error('not asked'));
  expect(asked).toHaveLength(1);
});

it('tells that it may not be read', async () => {
  const { refusals } = await follow(new KubernetesForbiddenError('system:serviceaccount:a:b', 'get', 'pods/log', 'ns'), { bytes: '' });
  expect(refusals).toEqual([
    "'system:serviceaccount:a:b' may not get pods/log in the namespace 'ns': give it a role with the verb 'get' on the resource 'pods/log' there.",
  ]);
});

it('ends when it is stopped', async () => {
  let opened = () => {};
  const isOpen = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const log = new PodLog({
    open: async (_, signal) => {
      const endless = new Readable({ read: () => undefined });
      signal.addEventListener('abort', () => endless.destroy(new Error('aborted')));
      opened();
      return endless;
    },
    output: { take: () => true, interrupt: () => undefined, close: () => undefined },
    isAlive: () => true,
    refused: () => undefined,
  });
  const followed = log.follow();
  await isOpen;
  log.stop();
  await followed;
});

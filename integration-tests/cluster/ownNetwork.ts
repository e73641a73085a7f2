import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Of a test process: three addresses of a network that nothing else uses. */
const prefix = `10.213.${process.pid % 250}`;
let made = 0;

async function ip(...args: string[]): Promise<void> {
  try {
    await run('ip', args);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(
      `A process can't get a network of its own here (it takes root and iproute2): ip ${args.join(' ')}: ${stderr || message}`,
    );
  }
}

/** Where processes find what they share, from whichever network they are in. */
export const sharedAddress = `${prefix}.1`;

/** Makes it an address of this machine. Throws with the reason when that is not possible. */
export async function addSharedAddress(): Promise<() => Promise<void>> {
  await ip('address', 'replace', `${sharedAddress}/32`, 'dev', 'lo');
  return () => ip('address', 'del', `${sharedAddress}/32`, 'dev', 'lo');
}

/** A network namespace with one way out, which can be cut: what is in it then hears nothing and is told nothing. */
export class OwnNetwork {
  private constructor(
    private readonly name: string,
    private readonly gateway: string,
    /** Of what is in it. */
    readonly address: string,
  ) {}

  /** Throws with the reason when this machine does not allow it. */
  static async make(): Promise<OwnNetwork> {
    const number = ++made;
    const [outside, inside] = [`${prefix}.${4 * number + 1}`, `${prefix}.${4 * number + 2}`];
    const name = `ow${process.pid}n${number}`;
    const wayOut = `${name}o`;
    const network = new OwnNetwork(name, outside, inside);
    const within = (...args: string[]) => ip('-n', name, ...args);
    try {
      await ip('netns', 'add', name);
      await ip('link', 'add', wayOut, 'type', 'veth', 'peer', 'name', 'out', 'netns', name);
      await ip('address', 'add', `${outside}/30`, 'dev', wayOut);
      await ip('link', 'set', wayOut, 'up');
      await within('address', 'add', `${inside}/30`, 'dev', 'out');
      await within('link', 'set', 'lo', 'up');
      await network.join();
      return network;
    } catch (error) {
      await network.remove();
      throw error;
    }
  }

  /** What to put in front of a command that is to run in it. */
  get enter(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name];
  }

  /** From the inside, so that what is sent to it from outside still takes this way, and ends there. */
  cut(): Promise<void> {
    return ip('-n', this.name, 'link', 'set', 'out', 'down');
  }

  async join(): Promise<void> {
    await ip('-n', this.name, 'link', 'set', 'out', 'up');
    await ip('-n', this.name, 'route', 'replace', 'default', 'via', this.gateway);
  }

  /** The way out goes with it. */
  async remove(): Promise<void> {
    await ip('netns', 'del', this.name).catch(() => {});
  }
}

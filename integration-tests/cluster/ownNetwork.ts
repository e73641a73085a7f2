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
    private readonly wayOut: string,
    /** Of what is in it. */
    readonly address: string,
  ) {}

  /** Throws with the reason when this machine does not allow it. */
  static async make(): Promise<OwnNetwork> {
    const number = ++made;
    const [outside, inside] = [`${prefix}.${4 * number + 1}`, `${prefix}.${4 * number + 2}`];
    const name = `ow${process.pid}n${number}`;
    const network = new OwnNetwork(name, `${name}o`, inside);
    const within = (...args: string[]) => ip('-n', name, ...args);
    try {
      await ip('netns', 'add', name);
      await ip('link', 'add', network.wayOut, 'type', 'veth', 'peer', 'name', 'out', 'netns', name);
      await ip('address', 'add', `${outside}/30`, 'dev', network.wayOut);
      await ip('link', 'set', network.wayOut, 'up');
      await within('address', 'add', `${inside}/30`, 'dev', 'out');
      await within('link', 'set', 'out', 'up');
      await within('link', 'set', 'lo', 'up');
      await within('route', 'add', 'default', 'via', outside);
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

  cut(): Promise<void> {
    return ip('link', 'set', this.wayOut, 'down');
  }

  join(): Promise<void> {
    return ip('link', 'set', this.wayOut, 'up');
  }

  /** The way out goes with it. */
  async remove(): Promise<void> {
    await ip('netns', 'del', this.name).catch(() => {});
  }
}

import { call } from './httpCall';
import { basic } from './platformProcess';

const CALLERS = 4;

/** Callers that invoke an action one call after another until they are stopped; each new connection, as a user's script would. */
export class SteadyLoad {
  private stopped = false;
  private answered = 0;
  private readonly failures: string[] = [];
  private readonly callers: Promise<void>[];

  constructor(
    private readonly apiHost: string,
    private readonly auth: string,
    private readonly ca?: string,
  ) {
    this.callers = Array.from({ length: CALLERS }, (_, index) => this.run(index));
  }

  /** What failed, and how many calls were answered. */
  async stop(): Promise<{ failures: string[]; answered: number }> {
    this.stopped = true;
    await Promise.all(this.callers);
    return { failures: this.failures.slice(0, 10), answered: this.answered };
  }

  private async run(index: number): Promise<void> {
    for (let count = 0; !this.stopped; count++) {
      const name = `${index}-${count}`;
      try {
        const answer = await call(`${this.apiHost}/api/v1/namespaces/_/actions/hello?blocking=true&result=true`, {
          method: 'POST',
          headers: { authorization: basic(this.auth) },
          json: { name },
          timeout: 70_000,
          ...(this.ca === undefined ? {} : { ca: this.ca }),
        });
        if (answer.status === 200 && answer.json.greeting === `hello ${name}`) this.answered++;
        else this.failures.push(`${answer.status} ${answer.text.slice(0, 200)}`);
      } catch (error) {
        this.failures.push((error as Error).message);
      }
      // steady, not heavy: other tests run beside
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

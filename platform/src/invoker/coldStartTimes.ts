/** Bounds of what a cold start is taken to last, ms: a floor for a kind of which nothing is known, a ceiling for one that is stuck. */
const least = 50;
const most = 1_000;

/** How much the latest figure counts: the last handful of starts decide. */
const weight = 0.3;

export type StartPart = 'create' | 'init';

/** How long cold starts lately took, by kind: moving averages of the creation of a container and of its /init. */
export class ColdStartTimes {
  private readonly averages = new Map<string, { create?: number; init?: number }>();

  note(kind: string, part: StartPart, ms: number): void {
    let average = this.averages.get(kind);
    if (!average) {
      average = {};
      this.averages.set(kind, average);
    }
    const before = average[part];
    average[part] = before === undefined ? ms : before + (ms - before) * weight;
  }

  /** ms the next cold start of the kind will likely take. */
  expected(kind: string): number {
    const { create = 0, init = 0 } = this.averages.get(kind) ?? {};
    return Math.min(most, Math.max(least, create + init));
  }
}

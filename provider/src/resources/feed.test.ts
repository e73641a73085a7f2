import { FakeOpenWhisk } from '../testing/fakeOpenWhisk';
import { type Deployed, Lifecycle } from '../testing/lifecycle';
import { testContext } from '../testing/operationContext';
import { PartialFailureError } from './errors';
import { triggerModel } from './trigger';
import { Secret, type ValueMap } from './values';

const fake = new FakeOpenWhisk();
let apiHost: string;
let triggers: Lifecycle;
/** What the feed was told, and what it knows. */
let told: Record<string, unknown>[];
let refuse: Record<string, string>;
let config: Record<string, unknown> | undefined;
beforeAll(async () => {
  apiHost = await fake.listen();
});
afterAll(() => fake.close());
beforeEach(() => {
  fake.entities.clear();
  fake.failures.length = 0;
  told = [];
  refuse = {};
  config = undefined;
  for (const id of ['guest/f/alarm', 'guest/f/other']) {
    fake.entities.set(id, { annotations: [], parameters: [] });
    fake.handlers.set(id, (args) => {
      told.push({ ...args, feed: id });
      const event = args.lifecycleEvent as string;
      if (refuse[event] !== undefined) throw new Error(refuse[event]);
      if (event === 'READ') return { config: config ?? { ...args, cron: told[0]!.cron, namespace: 'x', maxTriggers: -1 } };
      return {};
    });
  }
  triggers = new Lifecycle(triggerModel, testContext({ apiHost, logicalName: 'tick' }));
});

const BASE: ValueMap = { feed: 'f/alarm', feedParameters: { cron: '* * * * *', token: new Secret('hush') } };
const events = () => told.map(({ lifecycleEvent, feed }) => `${lifecycleEvent} ${feed}`);

describe('a trigger with a feed', () => {
  let old: Deployed;
  const create = async () => {
    old = await triggers.create(BASE);
    told = told.slice(0, 1);
    return old;
  };

  it('tells the feed who it is and what it wants', async () => {
    await create();
    expect(told).toEqual([
      {
        lifecycleEvent: 'CREATE',
        triggerName: '/guest/tick',
        authKey: 'uuid:key',
        cron: '* * * * *',
        token: 'hush',
        feed: 'guest/f/alarm',
      },
    ]);
    expect(fake.entities.get('guest/tick')!.annotations).toEqual([{ key: 'feed', value: '/guest/f/alarm' }]);
    expect(await triggers.diff(old, { ...BASE, feed: '/guest/f/alarm' })).toEqual([]);
    expect(await triggers.refresh(old)).toEqual(old);
    expect(events()).toEqual(['CREATE guest/f/alarm', 'READ guest/f/alarm']);
  });

  it('is taken back when the feed refuses it', async () => {
    refuse.CREATE = 'the cron hush is invalid for uuid:key';
    const error = await triggers.create(BASE).catch((e: Error) => e);
    expect((error as Error).message).toBe(
      'The feed "/guest/f/alarm" failed at CREATE for the trigger "/guest/tick": the cron [secret] is invalid for [secret].',
    );
    expect(fake.entities.has('guest/tick')).toBe(false);
    expect(events()).toEqual(['CREATE guest/f/alarm', 'DELETE guest/f/alarm']);
  });

  it('is remembered without its feed when it cannot be taken back, and told again later', async () => {
    refuse.CREATE = 'no';
    const shift = fake.failures.shift.bind(fake.failures);
    // PUT and CREATE go through, then everything fails.
    let count = 0;
    fake.failures.shift = () => (count++ < 2 ? undefined : { status: 500, error: 'There was an internal server error.' });
    const error = await triggers.create(BASE).catch((e: unknown) => e);
    fake.failures.shift = shift;
    expect(error).toBeInstanceOf(PartialFailureError);
    const left = { id: 'guest/tick', inputs: await triggers.check(BASE), outputs: (error as PartialFailureError).outputs };
    expect(await triggers.diff(left, BASE)).toEqual(['add feed', 'add feedParameters.cron', 'add feedParameters.token']);
    refuse = {};
    told = [];
    const healed = await triggers.update(left, BASE);
    expect(events()).toEqual(['CREATE guest/f/alarm']);
    expect(await triggers.diff(healed, BASE)).toEqual([]);
  });

  it('updates what the feed was told, pauses and resumes it', async () => {
    await create();
    const wanted = { ...BASE, feedParameters: { cron: '0 * * * *' } };
    expect(await triggers.diff(old, wanted)).toEqual(['update feedParameters.cron', 'delete feedParameters.token'].sort());
    const updated = await triggers.update(old, wanted);
    expect(told.at(-1)).toMatchObject({ lifecycleEvent: 'UPDATE', cron: '0 * * * *' });
    expect(told.at(-1)).not.toHaveProperty('token');
    expect(updated.outputs.version).toBe('0.0.1');
    const paused = await triggers.update(updated, { ...wanted, feedPaused: true });
    expect(events().at(-1)).toBe('PAUSE guest/f/alarm');
    await triggers.update(paused, wanted);
    expect(events().at(-1)).toBe('UNPAUSE guest/f/alarm');
  });

  it('keeps what it was told before when an update fails, so that the next one tells again', async () => {
    await create();
    const wanted = { ...BASE, feedParameters: { cron: '0 * * * *' } };
    refuse.UPDATE = 'busy';
    const error = (await triggers.update(old, wanted).catch((e: unknown) => e)) as PartialFailureError;
    expect(error).toBeInstanceOf(PartialFailureError);
    const left = { ...old, inputs: await triggers.check(wanted), outputs: error.outputs };
    expect(await triggers.diff(left, wanted)).toEqual(['delete feedParameters.token', 'update feedParameters.cron']);
  });

  it('moves to another feed, and away from all', async () => {
    await create();
    const moved = await triggers.update(old, { ...BASE, feed: 'f/other' });
    expect(events()).toEqual(['CREATE guest/f/alarm', 'DELETE guest/f/alarm', 'CREATE guest/f/other']);
    await triggers.update(moved, {});
    expect(events().at(-1)).toBe('DELETE guest/f/other');
    expect(fake.entities.get('guest/tick')!.annotations).toEqual([]);
  });

  it('shows what somebody changed at the feed, and that it forgot the trigger', async () => {
    await create();
    config = { cron: '1 1 1 1 1', token: 'hush', more: 1 };
    const live = (await triggers.refresh(old))!;
    expect(await triggers.diff({ ...old, ...live }, BASE)).toEqual(['update feedParameters.cron']);
    refuse.READ = 'could not find trigger /guest/tick: not found';
    const gone = (await triggers.refresh(old))!;
    expect(await triggers.diff({ ...old, ...gone }, BASE)).toContain('add feed');
    refuse.READ = 'READ is not supported';
    expect(await triggers.refresh(old)).toEqual(old);
  });

  it('is imported with what the feed tells', async () => {
    await create();
    config = { cron: '* * * * *', token: 'hush', namespace: 'guest', name: 'tick', status: {} };
    const live = (await triggers.import('guest/tick'))!;
    expect(await triggers.diff(live, BASE)).toEqual([]);
  });

  it('ends the subscription before it goes, also when feed or subscription are gone already', async () => {
    await create();
    refuse.DELETE = 'internal';
    await expect(triggers.delete(old)).rejects.toThrow(/failed at DELETE/);
    expect(fake.entities.has('guest/tick')).toBe(true);
    refuse.DELETE = 'trigger does not exist';
    await triggers.delete(old);
    expect(fake.entities.has('guest/tick')).toBe(false);
    fake.entities.delete('guest/f/alarm');
    await triggers.delete(old);
  });

  it('is checked with its paths', async () => {
    expect(await triggers.failures({ feedPaused: true, annotations: { feed: 'x' } })).toEqual({
      feedPaused: expect.stringMatching(/no effect without feed/),
      'annotations.feed': expect.stringMatching(/through the input feed/),
    });
    expect(await triggers.failures({ feed: 'a/b/c/d', feedParameters: { authKey: 'x' } })).toEqual({
      feed: expect.stringMatching(/does not name an action/),
      'feedParameters.authKey': expect.stringMatching(/filled in/),
    });
  });
});

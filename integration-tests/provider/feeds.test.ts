import * as pulumi from '@pulumi/pulumi';
import * as openwhisk from 'pulumi-openwhisk';
import { FeedRecorder } from './feedRecorder';
import { TestHost } from './testHost';
import { TestStack } from './testStack';

// The feed action reports to this machine, which only a platform on it reaches.
const local = process.env.OPENWHISK_TEST_HOST ? describe.skip : describe;

local('a trigger with a feed', () => {
  const SECRET = 'a-secret-nobody-may-see';
  let host: TestHost;
  let stack: TestStack;
  let feed: FeedRecorder;
  beforeAll(async () => {
    host = await TestHost.start();
  });
  afterAll(() => host.stop());
  beforeEach(async () => {
    feed = new FeedRecorder();
    await feed.listen();
    await host.freshNamespace();
    stack = await TestStack.create();
    await host.api('PUT', 'packages/alarms', {});
    await host.api('PUT', 'actions/alarms/alarm', {
      exec: { kind: 'nodejs:default', code: feed.action },
      annotations: [{ key: 'feed', value: true }],
    });
  });
  afterEach(async () => {
    feed.refuse = {};
    await stack.remove();
    await feed.close();
  });

  const program =
    (changes: Partial<openwhisk.TriggerArgs> = {}) =>
    async () => {
      const parameters = { cron: '0 * * * *', token: pulumi.secret(SECRET) };
      new openwhisk.Trigger('tick', { feed: 'alarms/alarm', feedParameters: parameters, ...changes }, { provider: host.provider() });
    };

  it('is made with its subscription, changed with it, and ends it', async () => {
    stack.program = program();
    await stack.preview();
    expect(feed.told).toEqual([]);
    await stack.up();
    expect(feed.told).toEqual([
      { lifecycleEvent: 'CREATE', triggerName: `/${host.namespace}/tick`, authKey: host.key, cron: '0 * * * *', token: SECRET },
    ]);
    expect((await stack.preview()).steps).toEqual([]);
    expect((await stack.refresh()).steps).toEqual([]);
    expect((await stack.preview()).steps).toEqual([]);
    expect(await stack.state()).not.toContain(SECRET);

    stack.program = program({ feedParameters: { cron: '5 * * * *' } });
    expect((await stack.up()).steps).toEqual([
      { op: 'update', type: 'Trigger', name: 'tick', diff: { 'feedParameters.cron': 'update', 'feedParameters.token': 'delete' } },
    ]);
    expect(feed.config).toEqual({ cron: '5 * * * *' });
    stack.program = program({ feedParameters: { cron: '5 * * * *' }, feedPaused: true });
    expect((await stack.up()).steps[0]!.diff).toEqual({ feedPaused: 'add' });
    await stack.destroy();
    expect(feed.events.filter((event) => event !== 'READ')).toEqual(['CREATE', 'UPDATE', 'PAUSE', 'DELETE']);
    expect((await host.api('GET', 'triggers')).json).toEqual([]);
  });

  it('shows what somebody changed at the feed, and subscribes again where the feed forgot', async () => {
    stack.program = program();
    await stack.up();
    feed.config = { cron: '9 9 9 9 9', token: SECRET };
    await stack.refresh();
    expect((await stack.preview()).steps).toEqual([
      { op: 'update', type: 'Trigger', name: 'tick', diff: { 'feedParameters.cron': 'update' } },
    ]);
    await stack.up();
    expect(feed.config).toEqual({ cron: '0 * * * *', token: SECRET });
    feed.config = undefined;
    await stack.refresh();
    await stack.up();
    expect(feed.config).toEqual({ cron: '0 * * * *', token: SECRET });
    expect((await stack.preview()).steps).toEqual([]);
  });

  it('is adopted with what the feed tells', async () => {
    feed.config = { cron: '0 * * * *' };
    await host.api('PUT', 'triggers/tick', { annotations: [{ key: 'feed', value: `/_/alarms/alarm` }] });
    await host.configure(stack);
    await stack.import('openwhisk:index:Trigger', 'tick', `${host.namespace}/tick`);
    stack.program = async () => {
      new openwhisk.Trigger('tick', { feed: 'alarms/alarm', feedParameters: { cron: '0 * * * *' } });
    };
    // Feeds have settings of their own, which the program takes over or leaves alone.
    const { steps } = await stack.preview();
    expect(steps.map(({ diff }) => diff)).toEqual([{ 'feedParameters.maxTriggers': 'delete' }]);
  });

  it('is destroyed although feed and trigger are gone', async () => {
    stack.program = program();
    await stack.up();
    await host.api('DELETE', 'actions/alarms/alarm');
    await host.api('DELETE', 'triggers/tick');
    await stack.destroy();
    expect((await host.api('GET', 'triggers')).json).toEqual([]);
  });

  it('is taken back when the feed refuses it', async () => {
    feed.refuse.CREATE = 'cron expression is invalid';
    await stack.remove();
    stack = await TestStack.create(`
      const openwhisk = require('pulumi-openwhisk');
      const provider = new openwhisk.Provider('there', ${JSON.stringify({ apiHost: host.apiHost, auth: host.key, namespace: host.namespace })});
      new openwhisk.Trigger('tick', { feed: 'alarms/alarm', feedParameters: { cron: 'x' } }, { provider });
    `);
    await expect(stack.up()).rejects.toThrow(/failed at CREATE for the trigger .*: cron expression is invalid\./);
    expect((await host.api('GET', 'triggers')).json).toEqual([]);
    expect(feed.events).toEqual(['CREATE', 'DELETE']);
    expect(await stack.state()).not.toContain('openwhisk:index:Trigger');
    feed.refuse = {};
    await stack.up();
    expect(feed.config).toEqual({ cron: 'x' });
  });
});

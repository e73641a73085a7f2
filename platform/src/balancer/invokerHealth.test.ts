import { InvokerHealth } from './invokerHealth';

/** Drives one invoker by a virtual clock, in ms; `p` ping, `d` disabled ping, `s` success, `e` system error, `t` timeout, a number passes time. */
function play(script: string): { state: string; tests: number } {
  let tests = 0;
  let now = 1_000_000;
  const health = new InvokerHealth({
    changed: () => {},
    test: () => {
      tests++;
    },
  });
  for (const step of script.split(' ')) {
    if (step === 'p') health.ping(now, true);
    else if (step === 'd') health.ping(now, false);
    else if (step === 's') health.outcome('success', now);
    else if (step === 'e') health.outcome('systemError', now);
    else if (step === 't') health.outcome('timeout', now);
    else {
      for (let passed = 0; passed < Number(step); passed += 1000) {
        now += 1000;
        health.tick(now);
      }
    }
  }
  return { state: health.state, tests };
}

test.each([
  ['the first ping leads to a test, not to trust', 'p', 'unhealthy', 1],
  ['a test that succeeds leads to trust', 'p s', 'healthy', 1],
  ['a test that fails does not', 'p e', 'unhealthy', 1],
  ['a first time-out means unresponsive, which is tested at once', 'p t', 'unresponsive', 2],
  ['nine seconds of silence are tolerated', 'p s 9000', 'healthy', 1],
  ['ten are not', 'p s 10000', 'offline', 1],
  ['pings keep it', 'p s 9000 p 9000 p 9000', 'healthy', 1],
  ['a ping after silence starts over', 'p s 10000 p', 'unhealthy', 2],
  ['who says that it stops is offline at once', 'p s d', 'offline', 1],
  ['and comes back like a new one', 'p s d p s', 'healthy', 2],
  ['nothing counts for one that is offline', 'p s d s', 'offline', 1],
  ['three errors among successes are tolerated', 'p s s s s e e e', 'healthy', 1],
  ['four are not', 'p s s s s e e e e', 'unhealthy', 2],
  ['one error of the first three is enough', 'p s e', 'unhealthy', 2],
  ['four time-outs', 'p s s s s t t t t', 'unresponsive', 2],
  ['successes push the errors out, each with another test', 'p s s s s e e e e s s s s s s', 'unhealthy', 8],
  ['until three are left', 'p s s s s e e e e s s s s s s s', 'healthy', 8],
  ['untrusted and silent otherwise, a test each minute', 'p 9000 p 9000 p 9000 p 9000 p 9000 p 9000 p 9000', 'unhealthy', 2],
])('%s: %s', (_, script, state, tests) => {
  expect(play(script as string)).toEqual({ state, tests });
});

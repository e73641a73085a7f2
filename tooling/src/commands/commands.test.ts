import { countReport, rowsOf, testAreas } from '../jestArea';
import { parseOptions, refuseUnknown } from '../options';
import { duration } from '../progress';
import { summary } from './test';
import { nextSteps } from './up';

describe('options', () => {
  it('name the stack anywhere, and keep everything else in order', () => {
    expect(parseOptions([])).toEqual({ stack: 'dev', rest: [] });
    expect(parseOptions(['--diff', '--stack', 'two', '-v'])).toEqual({ stack: 'two', rest: ['--diff', '-v'] });
    expect(parseOptions(['--stack=two'])).toEqual({ stack: 'two', rest: [] });
  });

  it.each([[['--stack']], [['--stack=']], [['--stack', '--diff']]])('refuse %j', (args) => {
    expect(() => parseOptions(args)).toThrow('--stack needs the name of a stack');
  });

  it('that are not known are named', () => {
    expect(() => refuseUnknown('info', ['--json'], ['--json'])).not.toThrow();
    expect(() => refuseUnknown('info', ['--jsn'], ['--json'])).toThrow('"npm run info" does not know --jsn (it knows --json)');
  });
});

describe('the count of tests', () => {
  const report = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, numRuntimeErrorTestSuites: 1 };

  it('has a file that could not run among the failures', () => {
    expect(countReport(report, 1)).toEqual({ passed: 3, failed: 2, skipped: 2 });
  });

  it('has a run that crashed as a failure', () => {
    expect(countReport(undefined, 134)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(countReport({ ...report, numFailedTests: 0, numRuntimeErrorTestSuites: 0 }, 1)).toMatchObject({ failed: 1 });
  });

  it('is a line of its own at the end', () => {
    const unit = { name: 'unit', passed: 5, failed: 0, skipped: 0, milliseconds: 1000 };
    const lint = { name: 'biome', passed: 0, failed: 1, skipped: 0, milliseconds: 100 };
    expect(summary([unit]).split('\n')).toEqual(['✓ unit: 5 passed, 0 failed (1.0 s)', '5 passed, 0 failed', '']);
    expect(
      summary([unit, lint, { ...unit, skipped: 2 }])
        .split('\n')
        .at(-2),
    ).toBe('10 passed, 1 failed, 2 skipped');
  });
});

it('says durations as people do', () => {
  expect([400, 59_940, 229_000].map(duration)).toEqual(['0.4 s', '59.9 s', '3 min 49 s']);
});

it('ends with a curl line that can be pasted', () => {
  const text = nextSteps(
    { apiHost: 'http://127.0.0.1:3233', auth: 'uuid:key', greeting: '/guest/hello/greet' },
    '{"greeting":"hello"}',
    'dev',
  );
  expect(text).toContain('/guest/hello/greet answered:  {"greeting":"hello"}');
  expect(text).toContain(
    `curl -u uuid:key -H 'Content-Type: application/json' -d '{"name":"you"}' \\\n    'http://127.0.0.1:3233/api/v1/namespaces/guest/actions/hello/greet?blocking=true&result=true'`,
  );
  expect(text).not.toContain('authority');
  expect(nextSteps({ apiHost: 'x', auth: 'y', greeting: '/guest/greet' }, '', 'two')).toContain('npm run down -- --stack two');
});

describe('areas', () => {
  test('are in one of two rows each, in their order; on one processor in one row', () => {
    const areas = ['lint', ...testAreas()];
    const [row, beside] = rowsOf(areas, 2) as [string[], string[]];
    expect([...row, ...beside].sort()).toEqual([...areas].sort());
    expect(row[0]).toBe('lint');
    // they share the engine of the machine
    expect(beside.slice(0, 2)).toEqual(['docker', 'dockerTarget']);
    expect(rowsOf(areas, 1)).toEqual([areas]);
  });
});

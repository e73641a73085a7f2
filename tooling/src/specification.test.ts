import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryRoot } from './repository';

/** Sentences of the specification lead to tests by `[n](file "name")`. */
const specification = join(repositoryRoot, 'docs/delivery.md');
const text = readFileSync(specification, 'utf8');
const links = [...text.matchAll(/\[\d+\]\(([^ )]+) "([^"]+)"\)/g)].map(
  ([, file, name]) => [name!, join(dirname(specification), file!)] as const,
);

test('the specification of delivery leads to tests', () => expect(links.length).toBeGreaterThan(20));

test.each(links)('there is the test: %s', (name, file) => {
  expect(existsSync(file)).toBe(true);
  expect(readFileSync(file, 'utf8')).toContain(name);
});

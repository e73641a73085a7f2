import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ImageSources } from './imageSources';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sources-'));
  mkdirSync(join(folder, 'carried/runtimes/nodejs'), { recursive: true });
  writeFileSync(join(folder, 'carried/runtimes.json'), '{}');
  write('FROM scratch\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(text: string): void {
  writeFileSync(join(folder, 'carried/runtimes/nodejs/Dockerfile'), text);
}
const stage = () => resolve(new ImageSources(join(folder, 'carried')).stage('runtimes/nodejs', join(folder, 'staged')));
const staged = () => readdirSync(join(folder, 'staged/runtimes-nodejs'));

it('has a folder for each content, and leaves the one another deployment may be building from', () => {
  const first = stage();
  write('FROM node\n');
  const second = stage();
  expect([first, second].map((place) => readFileSync(join(place, 'Dockerfile'), 'utf8'))).toEqual(['FROM scratch\n', 'FROM node\n']);
  expect(stage()).toBe(second);
  expect(staged()).toHaveLength(2);
});

it('takes what another one has made at the same moment', () => {
  const place = stage();
  rmSync(place, { recursive: true });
  const sources = new ImageSources(join(folder, 'carried'));
  // between the look and the move
  const copy = jest.spyOn(sources as unknown as { copy(context: string, place: string): void }, 'copy');
  copy.mockImplementation((_context, own) => {
    writeFileSync(join(own, 'Dockerfile'), 'half');
    mkdirSync(place);
    writeFileSync(join(place, 'Dockerfile'), 'whole');
  });
  expect(resolve(sources.stage('runtimes/nodejs', join(folder, 'staged')))).toBe(place);
  expect(readFileSync(join(place, 'Dockerfile'), 'utf8')).toBe('whole');
  expect(staged()).toHaveLength(1);
});

it('forgets what nothing has used for a day', () => {
  const first = stage();
  const longAgo = new Date(Date.now() - 25 * 3_600_000);
  utimesSync(first, longAgo, longAgo);
  write('FROM node\n');
  stage();
  expect(staged()).toHaveLength(1);
});

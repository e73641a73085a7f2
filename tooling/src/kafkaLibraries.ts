import { readFileSync } from 'node:fs';
import { runCommand, tail } from './command';
import { findExecutable } from './executable';
import { say, step } from './progress';
import { paths } from './repository';
import { cachedTool, cacheKey } from './toolCache';
import { UserError } from './userError';

/** What starts a Kafka broker. */
export interface KafkaLibraries {
  /** Path of a Java. */
  readonly java: string;
  /** Folder of the broker's jar files. */
  readonly folder: string;
  /** Changes with the Java and with the version of the broker. */
  readonly key: string;
}

/**
 * The broker's libraries at the version pinned in tooling/java/kafka; fetched by Maven when they are not in the cache.
 * @throws UserError when there is no Java or no Maven, or with the end of what Maven said
 */
export async function acquireKafkaLibraries(): Promise<KafkaLibraries> {
  const java = findExecutable('java');
  if (java === undefined) throw new UserError('There is no java on PATH: install a Java runtime of version 17 or newer to start a broker.');
  const version = await runCommand(java, ['-version']);
  const pom = readFileSync(paths.kafkaPom);
  const folder = await step('Find the libraries of Kafka', () =>
    cachedTool(`kafka/${cacheKey([pom])}`, fetchLibraries, () => say('  waiting for another process')),
  );
  return { java, folder, key: cacheKey([pom, folder, version.stderr]) };
}

async function fetchLibraries(folder: string): Promise<void> {
  const maven = findExecutable('mvn');
  if (maven === undefined) throw new UserError('There is no mvn on PATH: install Maven to fetch the libraries of Kafka.');
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`];
  const result = await runCommand(maven, ['-q', '-B', '-f', paths.kafkaPom, ...goal]);
  if (result.code !== 0) throw new UserError(`The libraries of Kafka could not be fetched:\n${tail(result, 8)}`);
}

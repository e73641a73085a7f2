import { createWriteStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { mustRun } from '../command';
import { UserError } from '../userError';
import { versionOf } from './pathCli';

/** Where Pulumi publishes its releases. */
const RELEASES = 'https://get.pulumi.com/releases/sdk';
/** Time for the server to answer at all, in milliseconds: machines without a way out should not wait long. */
const ANSWER_TIMEOUT_MS = 8_000;
/** Time for the whole archive of about 150 MB, in milliseconds. */
const DOWNLOAD_TIMEOUT_MS = 10 * 60_000;

/** File name of a release for this platform, as the official installer builds it. */
export function archiveName(version: string, platform: NodeJS.Platform = process.platform, arch: string = process.arch): string {
  const system = platform === 'win32' ? 'windows' : platform;
  const machine = arch === 'x64' ? 'x64' : arch;
  return `pulumi-v${version}-${system}-${machine}.tar.gz`;
}

async function download(url: string, file: string, report: (detail: string) => void): Promise<void> {
  const whole = AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS);
  const answer = new AbortController();
  const noAnswer = setTimeout(() => answer.abort(new Error(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`)), ANSWER_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([whole, answer.signal]) });
    clearTimeout(noAnswer);
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    let received = 0;
    const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
    body.on('data', (chunk: Uint8Array) => {
      received += chunk.length;
      report(`${Math.round(received / 1e6)} MB`);
    });
    await pipeline(body, createWriteStream(file));
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
    throw new UserError(`${url} could not be fetched: ${cause ?? (error instanceof Error ? error.message : String(error))}`);
  } finally {
    clearTimeout(noAnswer);
  }
}

/**
 * Fetches an official release into a folder: the same archive that Pulumi's installer unpacks, without its changes to the user's home and shell.
 * @throws UserError when it can't be had or does not run
 */
export async function fetchOfficialRelease(
  version: string,
  folder: string,
  report: (detail: string) => void,
  releases: string = RELEASES,
): Promise<void> {
  const archive = join(folder, 'release.tar.gz');
  await download(`${releases}/${archiveName(version)}`, archive, report);
  // The archive has one folder, pulumi/, with the CLI and its language hosts: its content is what is wanted.
  await mustRun('tar', ['-xzf', archive, '-C', folder, '--strip-components=1']);
  rmSync(archive);
  const found = await versionOf(join(folder, 'pulumi'));
  if (found !== version) throw new UserError(`The release from ${releases} does not run as ${version} on this machine.`);
}

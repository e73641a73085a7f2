import { createTwoFilesPatch } from 'diff';
import { type FilesByHash, notedHash, pathOnDisk, previewedFiles } from './actionSource';
import type { GitHistory } from './gitHistory';
import type { LiveSource } from './liveSource';
import type { Redactor } from './redactor';
import type { CodeFileChange, ResourceChange } from './resourceChange';

/** How one file of an action's code changes. */
export interface CodeDiff extends CodeFileChange {
  /** Unified diff without its head; absent when it can't be shown. */
  readonly diff?: string;
  /** Why there is no diff. */
  readonly reason?: string;
}

/** Larger files are named and not compared, in bytes. */
const MAX_FILE_BYTES = 512 * 1024;
/** Lines of unchanged code around a change. */
const CONTEXT_LINES = 3;
/** A comparison that takes longer is given up, in milliseconds. */
const DIFF_TIMEOUT_MS = 3_000;

/** Where the text of a deployed file is looked for, the cheapest first. What is found counts only when it has the hash of the state. */
export interface OldSources {
  readonly git?: Pick<GitHistory, 'find'>;
  readonly live?: Pick<LiveSource, 'files'>;
}

/**
 * Diffs of an action's changed files. The new text is the program's; the old one comes from the state itself (code given as text), from
 * git, or from the live host. Secrets that got into the code are taken out.
 */
export async function codeDiffs(change: ResourceChange, programFolder: string, sources: OldSources, redact: Redactor): Promise<CodeDiff[]> {
  const files = change.codeFiles ?? [];
  if (files.length === 0) return [];
  const after = await previewedFiles(change.after?.inputs, programFolder);
  // A path in a record of the past leads to the files of today: the hash tells whether they are still the same.
  const before = await previewedFiles(change.before?.inputs, programFolder);
  let live: Promise<FilesByHash> | undefined;
  const liveFiles = () => {
    live ??= change.before === undefined ? Promise.resolve(new Map()) : (sources.live?.files(change.before) ?? Promise.resolve(new Map()));
    return live;
  };
  const old = async (file: string): Promise<Buffer | undefined> => {
    const hash = notedHash(change.before?.outputs, file) ?? notedHash(change.before?.inputs, file);
    if (hash === undefined) return undefined;
    const found = before.get(hash);
    if (found !== undefined) return found;
    const path = pathOnDisk(change.before?.inputs, file) ?? pathOnDisk(change.after?.inputs, file);
    const versioned = path === undefined ? undefined : await sources.git?.find(path, hash);
    return versioned ?? (await liveFiles()).get(hash);
  };
  const diffs: CodeDiff[] = [];
  for (const file of files) {
    const oldText = file.kind === 'add' ? Buffer.alloc(0) : await old(file.path);
    const hash = notedHash(change.after?.inputs, file.path);
    const newText = file.kind === 'delete' ? Buffer.alloc(0) : hash === undefined ? undefined : after.get(hash);
    diffs.push({ ...file, ...compare(file, oldText, newText, redact) });
  }
  return diffs;
}

function compare(
  file: CodeFileChange,
  before: Buffer | undefined,
  after: Buffer | undefined,
  redact: Redactor,
): Pick<CodeDiff, 'diff' | 'reason'> {
  if (after === undefined) return { reason: 'its new text is not at hand' };
  if (before === undefined) return { reason: 'its deployed text is neither in git nor on the host as the state knows it' };
  if (before.length > MAX_FILE_BYTES || after.length > MAX_FILE_BYTES) return { reason: 'it is too large to compare' };
  if (isBinary(before) || isBinary(after)) return { reason: 'it is not text' };
  const patch = createTwoFilesPatch(`a/${file.path}`, `b/${file.path}`, before.toString(), after.toString(), undefined, undefined, {
    context: CONTEXT_LINES,
    timeout: DIFF_TIMEOUT_MS,
  });
  if (patch === undefined) return { reason: 'too much of it changed to compare' };
  const hunks = patch.slice(Math.max(0, patch.indexOf('@@')));
  return hunks.startsWith('@@') ? { diff: redact.redact(hunks.trimEnd()) } : { reason: 'only its name changed' };
}

function isBinary(content: Buffer): boolean {
  return content.includes(0) || !Buffer.from(content.toString()).equals(content);
}

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What the `wsk` client keeps in `~/.wskprops` (cli-expectations.md, "wsk CLI: general"). */
export interface WskProperties {
  APIHOST?: string;
  AUTH?: string;
  NAMESPACE?: string;
}

/** Reads `$WSK_CONFIG_FILE` or `~/.wskprops`; no file is the same as an empty one. */
export function readWskProperties(env: NodeJS.ProcessEnv = process.env): WskProperties {
  let text: string;
  try {
    text = readFileSync(env.WSK_CONFIG_FILE ?? join(homedir(), '.wskprops'), 'utf8');
  } catch {
    return {};
  }
  const properties: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Z_]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (match !== null) properties[match[1]!] = match[2]!;
  }
  return properties;
}

/** A piece of code in a line of text, whatever is in it. */
export function inlineCode(text: string): string {
  const line = text.replace(/\s*\n\s*/g, ' ⏎ ');
  const fence = '`'.repeat(longestRun(line, '`') + 1);
  const space = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${space}${line}${space}${fence}`;
}

/** A row of a table. */
export function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replace(/\|/g, '\\|')).join(' | ')} |`;
}

/** A block of code that nothing inside of it can end. */
export function codeBlock(language: string, text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text, '`') + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

function longestRun(text: string, character: string): number {
  let longest = 0;
  let run = 0;
  for (const each of text) {
    run = each === character ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** A part that is folded until it is clicked; the summary is text without markup. */
export function folded(summary: string, content: string): string {
  return `<details>\n<summary>${summary.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</summary>\n\n${content}\n\n</details>`;
}

/** "1 resource", "2 resources". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

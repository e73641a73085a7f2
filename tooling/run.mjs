// Entry of every `npm run` command: brings a fresh clone to where the compiled commands of tooling/ can run, then runs one.
// Plain JavaScript on purpose: nothing is installed or compiled yet when it starts.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const OLDEST_NODE = [20, 18];
const HEARTBEAT_MS = 10_000;

/** Ends with one sentence: what is wrong and what to do. */
function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  fail(
    `Node ${OLDEST_NODE.join('.')} or newer is needed, this is ${process.versions.node}: install one from https://nodejs.org and run this again.`,
  );
}

/** Runs a command quietly; its output is shown when it fails. A heartbeat says that it is still at work. */
function step(title, command, args) {
  const started = Date.now();
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
  process.stderr.write(`… ${title}\n`);
  return new Promise((done) => {
    const output = [];
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const heartbeat = setInterval(() => process.stderr.write(`  still at it: ${title} (${seconds()})\n`), HEARTBEAT_MS);
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', (error) => fail(`${title}: could not start ${command} (${error.message}).`));
    child.on('close', (code) => {
      clearInterval(heartbeat);
      if (code === 0) {
        process.stderr.write(`✓ ${title} (${seconds()})\n`);
        return done();
      }
      process.stderr.write(Buffer.concat(output));
      fail(`✗ ${title}: "${[command, ...args].join(' ')}" ended with ${code}; what it said is above.`);
    });
  });
}

function readPackages(lockFile) {
  return JSON.parse(readFileSync(join(root, lockFile), 'utf8')).packages;
}

/** Whether every package of the lock file is installed at its version. Packages for other platforms may be missing. */
function dependenciesAreCurrent() {
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) return false;
  const wanted = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  return Object.entries(wanted).every(
    ([path, { version, link, optional, devOptional }]) =>
      !path.includes('node_modules/') || optional || devOptional || (link ? path in installed : installed[path]?.version === version),
  );
}

async function installDependencies() {
  if (dependenciesAreCurrent()) return;
  // Not `npm ci`: it refuses a lock file that lacks optional packages of other platforms, and not every registry has all of those.
  // Without saving, the versions of the lock file are installed and the file stays as it is.
  await step('Install the dependencies', 'npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Time of the newest source file below a folder, in milliseconds. */
function newest(folder) {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs),
  );
}

async function compileTooling() {
  const record = join(root, 'tooling/dist/.tsbuildinfo');
  if (existsSync(record) && statSync(record).mtimeMs > newest(join(root, 'tooling/src'))) return;
  await step('Compile the commands', process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'tooling']);
}

checkNode();
await installDependencies();
await compileTooling();
const { main } = await import('./dist/main.js');
process.exitCode = await main(process.argv.slice(2));

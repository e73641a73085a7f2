import { go, type Language, native, nodejs, python } from './languages';
import type { ContainerChoice, RuntimeContainer } from './runtimeProcess';
import { zipArchive } from './zipArchive';

/** Makes containers of a kind, whatever the driver. */
export interface ContainerHost {
  start(kind: string, choice?: ContainerChoice): Promise<RuntimeContainer>;
  /** Ends what has been started so far, where many at a time are too much. */
  release?(): Promise<void>;
  close(): Promise<void>;
}

/** What a driver cannot do. */
export interface HostLimits {
  /** Both streams come as one, called `stdout`. */
  mergedOutput?: boolean;
  /** Bounds of open files are not its to set. */
  anyOpenFiles?: boolean;
}

const ready = { type: 'response', status: 200, body: '{"ok":true}' };
const answer = (status: number, body: unknown) => ({
  type: 'response',
  status,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const errorOf = (given: { type: string; body?: string }) => JSON.parse(given.body!).error as string;

/** What every runtime must do, in every kind of container: reference runtime-protocol, section 7. */
export function runtimeContract(
  processes: ContainerHost,
  languages: Language[] = [nodejs, python, go, native],
  { mergedOutput = false, anyOpenFiles = false }: HostLimits = {},
): void {
  afterEach(() => processes.release?.());
  afterAll(() => processes.close());
  /** A line as it comes from this host. */
  const asItComes = (line: string) => (mergedOutput ? line.replace(/^stderr: /, 'stdout: ') : line);

  describe.each(languages)('$kind', (language) => {
    /** What a language has not is no test of it. */
    const itWith = (part: unknown) => (part === undefined ? () => undefined : it);

    const start = (choice = {}) => processes.start(language.kind, choice);

    async function initialised(code: string, choice = {}): Promise<RuntimeContainer> {
      const runtime = await start(choice);
      expect(await runtime.init({ code })).toEqual(ready);
      return runtime;
    }

    describe('/init', () => {
      it('happens once, and says so in the output', async () => {
        const runtime = await initialised(language.echo);
        expect(await runtime.init({ code: language.echo })).toEqual(answer(403, { error: 'Cannot initialize the action more than once.' }));
        expect(await runtime.run({ still: 'here' })).toEqual(answer(200, { still: 'here' }));
        expect((await runtime.lines()).join()).toContain('Cannot initialize the action more than once.');
      });

      it('must come before /run', async () => {
        expect(await (await start()).run({})).toEqual(answer(403, { error: 'System not initialized.' }));
      });

      it('needs code', async () => {
        const given = await (await start()).init({ code: '' });
        expect(errorOf(given as never)).toMatch(/^Missing main\/no code to execute\.$|^The action failed to generate or locate a binary/);
      });

      itWith(language.niam)('takes an entry point of another name, and a dotted one', async () => {
        const runtime = await start();
        expect(await runtime.init({ code: language.niam!, main: 'niam' })).toEqual(ready);
        expect(await runtime.run({ a: 1 })).toEqual(answer(200, { niam: { a: 1 } }));
        const dotted = await start();
        expect(await dotted.init(language.dotted!)).toEqual(ready);
        expect(await dotted.run({})).toEqual(answer(200, { dotted: true }));
      });

      for (const which of ['syntax', 'noMain', 'loadThrows'] as const) {
        itWith(language[which])(`tells what is wrong: ${which}`, async () => {
          const runtime = await start();
          const given = await runtime.init({ code: language[which]!.code });
          expect(given).toMatchObject({ type: 'response', status: 502 });
          expect(errorOf(given as never)).toMatch(language[which]!.error);
          const lines = await runtime.lines(true);
          expect(lines.at(-1)).toBe('stderr: The action did not initialize or run as expected. Log data might be missing.');
          if (which === 'loadThrows') expect(lines).toContain(asItComes(language.loadThrows!.log));
          else expect(lines.length).toBeGreaterThan(1);
        });
      }

      itWith(language.loadExit)('is lost when loading ends the process', async () => {
        expect(await (await start()).init({ code: language.loadExit! })).toEqual({ type: 'connectionLost', outOfMemory: false });
      });
    });

    describe('archives', () => {
      it('bring modules and files', async () => {
        const runtime = await start();
        expect(await runtime.init({ code: zipArchive(language.zip.files), binary: true })).toEqual(ready);
        expect(await runtime.run({})).toEqual(answer(200, { dep: 42, file: 'ünïcode' }));
      });

      it('without a main module are refused', async () => {
        const given = await (await start()).init({ code: zipArchive(language.zip.bad.files), binary: true });
        expect(errorOf(given as never)).toMatch(language.zip.bad.error);
      });

      it.each(['../evil', '/tmp/evil', 'a/../../evil'])('cannot write outside: %s', async (name) => {
        const files = { ...language.zip.files, [name]: 'x' };
        expect(await (await start()).init({ code: zipArchive(files), binary: true })).toMatchObject({ status: 502 });
      });

      it.each(['UEsDBBQAAAAIAA==', 'bm8gemlw'])('that are none are refused: %s', async (code) => {
        expect(await (await start()).init({ code, binary: true })).toMatchObject({ status: 502 });
      });
    });

    describe('/run', () => {
      it('gives objects and arrays back', async () => {
        const runtime = await initialised(language.echo);
        for (const value of [{ a: [null, true, 1.5, 'x', { b: {} }] }, [1, [2], { c: '3' }], {}, []]) {
          expect(await runtime.run(value)).toEqual(answer(200, value));
        }
        expect(await (await initialised(language.array)).run({})).toEqual(answer(200, ['a', { b: 1 }]));
      });

      it('keeps characters of every size, in results and in output', async () => {
        const runtime = await initialised(language.unicode);
        expect(await runtime.run({ delimiter: '❄😀' })).toEqual(answer(200, { winter: '❄😀 ☃ ❄😀' }));
        expect(await runtime.lines()).toEqual(['stdout: ❄😀 ☃ ❄😀']);
      });

      it('takes and gives more than a megabyte', async () => {
        const runtime = await initialised(language.echo);
        const value = { text: 'é'.repeat(1_500_000) };
        expect(await runtime.run(value)).toEqual(answer(200, value));
      });

      it('is refused a scalar', async () => {
        const runtime = await initialised(language.scalar);
        expect(await runtime.run({})).toEqual(answer(502, { error: 'The action did not return a dictionary or array.' }));
      });

      it('may give nothing', async () => {
        expect(await (await initialised(language.nothing.code)).run({})).toEqual(answer(language.nothing.status, language.nothing.body));
      });

      it('may give an error and goes on', async () => {
        const runtime = await initialised(language.error);
        expect(await runtime.run({})).toEqual(answer(200, { error: 'sorry' }));
        expect(await runtime.run({})).toEqual(answer(200, { error: 'sorry' }));
      });

      it('tells what was thrown and logs where', async () => {
        const runtime = await initialised(language.throws.code);
        expect(await runtime.run({})).toEqual(answer(language.throws.status, { error: language.throws.error }));
        const lines = await runtime.lines();
        expect(lines).toContain(asItComes(language.throws.log));
        // the runtime's own files are nobody's business
        expect(lines.join('\n')).not.toContain('runtimes');
      });

      it('tells of an action that ends its process', async () => {
        const { exited } = language;
        const runtime = await initialised(language.exit);
        const told = exited ? answer(exited.status, { error: exited.error }) : { type: 'connectionLost', outOfMemory: false };
        expect(await runtime.run({})).toEqual(told);
      });
    });

    describe('environment', () => {
      it('of /init is there at load time, that of /run during the run', async () => {
        const runtime = await start();
        expect(await runtime.init({ code: language.environment, env: { AT_LOAD: 'früh' } })).toEqual(ready);
        expect(await runtime.run({}, { namespace: 'ns', activation_id: 'one' })).toEqual(answer(200, { at: 'früh', ns: 'ns', id: 'one' }));
        expect(await runtime.run({}, { namespace: 'ns', activation_id: 'two' })).toEqual(answer(200, { at: 'früh', ns: 'ns', id: 'two' }));
      });

      it('has what the invoker gives and nothing of its own', async () => {
        process.env.OPENWHISK_ADMIN_KEY = 'secret-of-the-platform';
        try {
          const runtime = await initialised(language.allEnvironment, { environment: { __OW_API_HOST: 'http://host' } });
          const given = await runtime.run({}, { api_key: 'k' });
          const env = JSON.parse((given as { body: string }).body) as Record<string, string>;
          expect(env).toMatchObject({ __OW_API_HOST: 'http://host', __OW_API_KEY: 'k' });
          expect(JSON.stringify(env)).not.toContain('secret-of-the-platform');
          expect(Object.keys(env).filter((name) => /^OPENWHISK|^npm_|^JEST/i.test(name))).toEqual([]);
        } finally {
          delete process.env.OPENWHISK_ADMIN_KEY;
        }
      });
    });

    describe('output', () => {
      it('keeps the streams apart and each in order', async () => {
        const runtime = await initialised(language.output);
        for (let i = 0; i < 3; i++) {
          await runtime.run({});
          const lines = await runtime.lines();
          const isError = (line: string) => line === asItComes('stderr: err');
          expect(lines.filter((line) => !isError(line))).toEqual(['stdout: out', 'stdout: a', 'stdout: b']);
          expect(lines.filter(isError)).toHaveLength(1);
        }
      });
    });

    describe('limits', () => {
      it.each(['sleep', 'busy'] as const)('of time: %s', async (which) => {
        const runtime = await initialised(language[which], { timeout: 400 });
        expect(await runtime.run({})).toEqual({ type: 'timeout' });
        await runtime.container.destroy();
      });

      it('of memory', async () => {
        const runtime = await initialised(language.exhaust, { memory: 128 });
        expect(await runtime.run({})).toEqual({ type: 'connectionLost', outOfMemory: true });
      });

      itWith(anyOpenFiles ? undefined : true)('of open files', async () => {
        const runtime = await initialised(language.openFiles);
        expect(await runtime.run({})).toEqual(answer(200, { code: 'EMFILE', few: true }));
      });
    });
  });
}

/** What is particular to a language, in every kind of container. */
export function languageDetails(processes: ContainerHost): void {
  afterAll(() => processes.close());

  describe('nodejs:20, more', () => {
    const run = async (code: string, value: unknown = {}, main = 'main') => {
      const runtime = await processes.start('nodejs:20');
      expect(await runtime.init({ code, main })).toEqual(ready);
      return { runtime, given: await runtime.run(value) };
    };

    it.each([
      ['a promise', 'const main = async (a) => ({ p: a })', { p: {} }],
      ['exports', 'exports.main = () => ({ e: 1 })', { e: 1 }],
      ['module.exports', 'module.exports = { main: () => ({ m: 1 }) }', { m: 1 }],
      [
        'an ECMAScript module',
        'import { basename } from "node:path";\nexport function main() { return { b: basename("/a/b") } }',
        { b: 'b' },
      ],
      ['a default export', 'export default function () { return { d: 1 } }', { d: 1 }],
      ['await at the top of a module', 'const x = await Promise.resolve(7);\nexport const main = () => ({ x })', { x: 7 }],
      [
        'import() in source text',
        'async function main() { return { t: typeof (await import("node:fs")).readFileSync } }',
        { t: 'function' },
      ],
      ['require', 'const os = require("os"); function main() { return { t: typeof os.cpus } }', { t: 'function' }],
      ['a comment at the end', 'function main() { return { c: 1 } } // done', { c: 1 }],
    ])('takes %s', async (_name, code, expected) => {
      const { given, runtime } = await run(code);
      expect(given).toEqual(answer(200, expected));
      expect(await runtime.lines()).toEqual([]);
    });

    it.each([
      ['a text', '"boom"', { error: 'boom' }],
      ['an object', '{ code: 5 }', { error: { code: 5 } }],
      ['nothing', '', { error: {} }],
      ['null', 'null', { error: {} }],
    ])('answers a rejection with %s as an error of the application', async (_name, reason, expected) => {
      const { given } = await run(`function main() { return Promise.reject(${reason}) }`);
      expect(given).toEqual(answer(200, expected));
    });

    it('shows name, message and cause of a rejected error', async () => {
      const { given } = await run(
        'async function main() { throw Object.assign(new TypeError("bad", { cause: new Error("why") }), { code: 7 }) }',
      );
      expect(JSON.parse((given as { body: string }).body).error).toMatchObject({
        name: 'TypeError',
        message: 'bad',
        code: 7,
        cause: { message: 'why' },
      });
    });

    it('reads modules of an archive by their package', async () => {
      const runtime = await processes.start('nodejs:20');
      const code = zipArchive({
        'package.json': '{"type":"module","main":"m.js"}',
        'm.js': 'import d from "dep"; export const main = () => ({ d: d.x });',
        'node_modules/dep/index.js': 'exports.x = 1',
      });
      expect(await runtime.init({ code, binary: true })).toEqual(ready);
      expect(await runtime.run({})).toEqual(answer(200, { d: 1 }));
    });

    it('ends with an error nobody caught', async () => {
      const { given } = await run('function main() { setTimeout(() => { throw new Error("late") }, 20); return new Promise(() => {}) }');
      expect(given).toEqual({ type: 'connectionLost', outOfMemory: false });
    });

    it('ends when its heap is full', async () => {
      const runtime = await processes.start('nodejs:20', { memory: 128 });
      await runtime.init({ code: 'function main() { const k = []; for (;;) k.push({ a: Math.random(), b: [1, 2, 3] }) }' });
      expect(await runtime.run({})).toEqual({ type: 'connectionLost', outOfMemory: true });
    });

    it('runs several at a time when it is told that it may', async () => {
      // each answers when three are inside
      const code =
        'const inside = []; function main({ id }) { return new Promise((r) => { inside.push(() => r({ id }));' +
        ' if (inside.length === 3) for (const answer of inside) answer(); }) }';
      const runtime = await processes.start('nodejs:20', { environment: { __OW_ALLOW_CONCURRENT: 'true' } });
      await runtime.init({ code });
      const given = await Promise.all([1, 2, 3].map((id) => runtime.run({ id })));
      expect(given).toEqual([1, 2, 3].map((id) => answer(200, { id })));
    });
  });

  describe('go:1.26, more', () => {
    it('takes a program with a main function of its own as it is', async () => {
      const code =
        'package main\nimport ("bufio"; "fmt"; "os")\nfunc main() { out := os.NewFile(3, "out"); in := bufio.NewReader(os.Stdin); ' +
        'for { line, err := in.ReadString(10); if err != nil { return }; fmt.Fprintf(out, "{\\"length\\":%d}\\n", len(line)) } }';
      const runtime = await processes.start('go:1.26');
      expect(await runtime.init({ code })).toEqual(ready);
      expect(await runtime.run({})).toEqual(answer(200, { length: '{"value":{}}\n'.length }));
    });

    it('runs a program that was compiled elsewhere and never says that it is ready', async () => {
      const runtime = await processes.start('go:1.26');
      const exec = '#!/bin/sh\nwhile read -r line; do echo said; echo "{\\"got\\":$line}" >&3; done\n';
      expect(await runtime.init({ code: zipArchive({ exec }), binary: true })).toEqual(ready);
      for (const value of [1, 2]) expect(await runtime.run({ value })).toEqual(answer(200, { got: { value: { value } } }));
      expect(await runtime.lines()).toEqual(['stdout: said']);
    });

    it('gives what has a type to a function of types, and its errors back', async () => {
      const runtime = await processes.start('go:1.26');
      const code =
        'package main\nimport ("context"; "errors")\ntype in struct { Name string `json:"name"` }\ntype out struct { Greeting string `json:"greeting"` }\n' +
        'func Main(_ context.Context, i in) (*out, error) { if i.Name == "" { return nil, errors.New("no name") }; return &out{"hello " + i.Name}, nil }';
      expect(await runtime.init({ code })).toEqual(ready);
      expect(await runtime.run({ name: 'bob' })).toEqual(answer(200, { greeting: 'hello bob' }));
      expect(await runtime.run({})).toEqual(answer(200, { error: 'no name' }));
      expect(await runtime.run({ name: 5 })).toMatchObject({ status: 200, body: expect.stringContaining('cannot unmarshal number') });
    });
  });

  describe('native:1, more', () => {
    it('hands the arguments over as an argument and as input', async () => {
      const runtime = await processes.start('native:1');
      const code = '#!/bin/sh\nread -r line\necho "[$1,$line]"';
      expect(await runtime.init({ code })).toEqual(ready);
      expect(await runtime.run({ a: 1 })).toEqual(answer(200, [{ a: 1 }, { a: 1 }]));
    });

    it('takes a script without a first line that names its interpreter for one of the shell', async () => {
      const runtime = await processes.start('native:1');
      expect(await runtime.init({ code: 'echo "{}"' })).toEqual(ready);
      expect(await runtime.run({})).toEqual(answer(200, {}));
    });

    it('says what cannot be executed', async () => {
      const runtime = await processes.start('native:1');
      expect(await runtime.init({ code: '#!/nowhere/interpreter' })).toEqual(ready);
      expect(await runtime.run({})).toEqual(answer(502, { error: 'The action did not return a dictionary or array.' }));
      expect((await runtime.lines()).join()).toContain('stderr: The action cannot be executed: ');
    });

    it('passes long output on while it runs, and keeps the last line', async () => {
      const runtime = await processes.start('native:1');
      const code = '#!/bin/sh\ni=0; while [ $i -lt 20000 ]; do echo "line $i"; i=$((i+1)); done; echo "{\\"lines\\":$i}"';
      expect(await runtime.init({ code })).toEqual(ready);
      expect(await runtime.run({})).toEqual(answer(200, { lines: 20_000 }));
      const lines = await runtime.lines();
      expect([lines.length, lines.at(-1)]).toEqual([20_000, 'stdout: line 19999']);
    });
  });

  describe('python:3.11, more', () => {
    it('uses the packages of a virtualenv in the archive', async () => {
      const runtime = await processes.start('python:3.11');
      const version = 'import sys\ndef main(a):\n  import dep\n  return {"x": dep.x}';
      const files: Record<string, string> = { '__main__.py': version };
      for (const minor of [9, 10, 11, 12, 13]) files[`virtualenv/lib/python3.${minor}/site-packages/dep.py`] = 'x = 5';
      expect(await runtime.init({ code: zipArchive(files), binary: true })).toEqual(ready);
      expect(await runtime.run({})).toEqual(answer(200, { x: 5 }));
    });

    it('uses the activation script of a virtualenv where there is one', async () => {
      const runtime = await processes.start('python:3.11');
      const files = {
        '__main__.py': 'import os\ndef main(a):\n  return {"v": os.environ["VENV"]}',
        'virtualenv/bin/activate_this.py': 'import os\nos.environ["VENV"] = os.path.basename(__file__)',
      };
      expect(await runtime.init({ code: zipArchive(files), binary: true })).toEqual(ready);
      expect(await runtime.run({})).toEqual(answer(200, { v: 'activate_this.py' }));
    });

    it('refuses a virtualenv that is none', async () => {
      const runtime = await processes.start('python:3.11');
      expect(await runtime.init({ code: zipArchive({ '__main__.py': '', 'virtualenv/readme.md': '' }), binary: true })).toMatchObject({
        status: 502,
      });
      expect(await runtime.lines(true)).toContain("stderr: Invalid virtualenv. Zip file does not include 'activate_this.py'.");
    });

    it('answers sys.exit as a command that exited', async () => {
      const runtime = await processes.start('python:3.11');
      await runtime.init({ code: 'import sys\ndef main(a):\n  sys.exit(3)' });
      expect(await runtime.run({})).toEqual(answer(400, { error: 'command exited' }));
    });

    it('answers a value that is no JSON with its error', async () => {
      const runtime = await processes.start('python:3.11');
      await runtime.init({ code: 'def main(a):\n  return {"x": float("nan")} if a.get("nan") else {"x": object()}' });
      expect(await runtime.run({ nan: true })).toMatchObject({ status: 200, body: expect.stringContaining('"error":') });
      expect(await runtime.run({})).toEqual(answer(200, { error: 'Object of type object is not JSON serializable' }));
    });
  });
}

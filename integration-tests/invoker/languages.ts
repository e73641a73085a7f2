/** The same actions in each language; what a language has not is left out. */
export interface Language {
  kind: string;
  echo: string;
  niam?: string;
  dotted?: { code: string; main: string };
  output: string;
  unicode: string;
  environment: string;
  allEnvironment: string;
  scalar: string;
  array: string;
  nothing: { code: string; status: number; body: string };
  error: string;
  throws: { code: string; status: number; error: string; log: string };
  loadThrows?: { code: string; error: RegExp; log: string };
  syntax?: { code: string; error: RegExp };
  noMain?: { code: string; error: RegExp };
  exit: string;
  /** What the end of the action is told as; absent = the connection is lost. */
  exited?: { status: number; error: string };
  loadExit?: string;
  sleep: string;
  busy: string;
  exhaust: string;
  zip: { files: Record<string, string>; bad: { files: Record<string, string>; error: RegExp } };
  child: string;
  openFiles: string;
}

export const nodejs: Language = {
  kind: 'nodejs:20',
  echo: 'function main(a) { return a }',
  niam: 'function niam(a) { return { niam: a } }',
  dotted: { code: 'exports.a = { b: { c: () => ({ dotted: true }) } }', main: 'a.b.c' },
  output: 'function main() { console.log("out"); console.error("err"); process.stdout.write("a\\nb\\n"); return {} }',
  unicode: 'function main({ delimiter: d }) { const s = d + " ☃ " + d; console.log(s); return { winter: s } }',
  environment:
    'const at = process.env.AT_LOAD; function main() { const e = process.env; return { at, ns: e.__OW_NAMESPACE, id: e.__OW_ACTIVATION_ID } }',
  allEnvironment: 'function main() { return process.env }',
  scalar: 'function main() { return "text" }',
  array: 'function main() { return ["a", { b: 1 }] }',
  nothing: { code: 'function main() {}', status: 200, body: '{}' },
  error: 'function main() { return { error: "sorry" } }',
  throws: {
    code: 'function main() { throw new Error("boom") }',
    status: 502,
    error: 'An error has occurred: Error: boom',
    log: 'stderr: Error: boom',
  },
  loadThrows: {
    code: 'throw new Error("at load"); function main() {}',
    error: /^Initialization has failed due to: Error: at load\n/,
    log: 'stderr: Error during initialization: Error: at load',
  },
  syntax: { code: 'function main({', error: /^Initialization has failed due to: SyntaxError: / },
  noMain: { code: 'function other() {}', error: /^Initialization has failed due to: Action entrypoint 'main' is not a function\.$/ },
  exit: 'function main() { process.exit(1) }',
  loadExit: 'process.exit(1)',
  sleep: 'function main() { return new Promise(() => {}) }',
  busy: 'function main() { for (;;); }',
  exhaust: 'function main() { const k = []; for (let i = 0; i < 2000; i++) k.push(Buffer.alloc(4 << 20, 1)); return {} }',
  zip: {
    files: {
      'package.json': '{"main":"lib/start.js"}',
      'lib/start.js': 'const dep = require("dep"); exports.main = () => ({ dep, file: require("fs").readFileSync("data.txt", "utf8") })',
      'node_modules/dep/index.js': 'module.exports = 42',
      'data.txt': 'ünïcode',
    },
    bad: {
      files: { 'other.js': '' },
      error: /^Initialization has failed due to: Zipped actions must contain either package\.json or index\.js at the root\.$/,
    },
  },
  child: 'function main() { const c = require("child_process").spawn("sleep", ["1000"]); return { pid: c.pid } }',
  openFiles:
    'const fs = require("fs"); function main() { const f = []; try { for (;;) f.push(fs.openSync("/dev/null")) }' +
    ' catch (e) { f.forEach((x) => fs.closeSync(x)); return { code: e.code, few: f.length <= 1024 } } }',
};

export const python: Language = {
  kind: 'python:3.11',
  echo: 'def main(a):\n  return a',
  niam: 'def niam(a):\n  return {"niam": a}',
  dotted: { code: 'class a:\n  @staticmethod\n  def b(args):\n    return {"dotted": True}', main: 'a.b' },
  output: 'import sys\ndef main(a):\n  print("out")\n  print("err", file=sys.stderr)\n  sys.stdout.write("a\\nb\\n")\n  return {}',
  unicode: 'def main(a):\n  d = a["delimiter"]\n  s = d + " ☃ " + d\n  print(s)\n  return {"winter": s}',
  environment:
    'import os\nat = os.environ["AT_LOAD"]\ndef main(a):\n  e = os.environ\n  return {"at": at, "ns": e.get("__OW_NAMESPACE"), "id": e.get("__OW_ACTIVATION_ID")}',
  allEnvironment: 'import os\ndef main(a):\n  return dict(os.environ)',
  scalar: 'def main(a):\n  return "text"',
  array: 'def main(a):\n  return ["a", {"b": 1}]',
  nothing: { code: 'def main(a):\n  pass', status: 200, body: 'null' },
  error: 'def main(a):\n  return {"error": "sorry"}',
  throws: {
    code: 'def main(a):\n  return {"x": 5 / 0}',
    status: 200,
    error: 'division by zero',
    log: 'stderr: ZeroDivisionError: division by zero',
  },
  loadThrows: {
    code: 'raise Exception("at load")\ndef main(a): pass',
    error: /^Cannot start action\. Check logs for details\.$/,
    log: 'stderr: Exception: at load',
  },
  syntax: { code: '10 PRINT', error: /^The action failed to generate or locate a binary\. See logs for details\.$/ },
  noMain: { code: 'def other(a): pass', error: /^Cannot start action\. Check logs for details\.$/ },
  exit: 'import os\ndef main(a):\n  os._exit(1)',
  loadExit: 'import os\nos._exit(1)',
  sleep: 'import time\ndef main(a):\n  time.sleep(1000)',
  busy: 'def main(a):\n  while True: pass',
  exhaust: 'def main(a):\n  k = []\n  for i in range(2000): k.append(bytearray(4 << 20))\n  return {}',
  zip: {
    files: {
      '__main__.py':
        'import dep\nfrom pkg.more import y\ndef main(a):\n  return {"dep": dep.x + y, "file": open("data.txt", encoding="utf-8").read()}',
      'dep.py': 'x = 40',
      'pkg/__init__.py': '',
      'pkg/more.py': 'y = 2',
      'data.txt': 'ünïcode',
    },
    bad: { files: { 'other.py': '' }, error: /^The action failed to generate or locate a binary\. See logs for details\.$/ },
  },
  child: 'import subprocess\ndef main(a):\n  return {"pid": subprocess.Popen(["sleep", "1000"]).pid}',
  openFiles:
    'def main(a):\n  f = []\n  try:\n    while True: f.append(open("/dev/null"))\n  except OSError as e:\n    n = len(f)\n' +
    '    for x in f: x.close()\n    return {"code": "EMFILE" if e.errno == 24 else e.errno, "few": n <= 1024}',
};

const goAction = (body: string, imports = '', more = '') =>
  `package main\n${
    imports === ''
      ? ''
      : `import (${imports
          .split(' ')
          .map((name) => `"${name}"`)
          .join('; ')})\n`
  }${more}\nfunc Main(a map[string]any) map[string]any { ${body} }`;

export const go: Language = {
  kind: 'go:1.26',
  echo: 'package main\nfunc Main(a any) any { return a }',
  niam: 'package main\nfunc Niam(a any) map[string]any { return map[string]any{"niam": a} }',
  dotted: {
    code: 'package main\ntype greeter struct{}\nfunc (greeter) B(a any) map[string]any { return map[string]any{"dotted": true} }\nvar A greeter',
    main: 'a.b',
  },
  output: goAction('fmt.Println("out"); fmt.Fprintln(os.Stderr, "err"); os.Stdout.WriteString("a\\nb\\n"); return a', 'fmt os'),
  unicode: goAction(
    's := a["delimiter"].(string) + " ☃ " + a["delimiter"].(string); fmt.Println(s); return map[string]any{"winter": s}',
    'fmt',
  ),
  environment:
    'package main\nimport "os"\ntype seen struct { At string `json:"at"`; Ns string `json:"ns"`; Id string `json:"id"` }\nvar at = os.Getenv("AT_LOAD")\n' +
    'func Main(a any) (seen, error) { return seen{at, os.Getenv("__OW_NAMESPACE"), os.Getenv("__OW_ACTIVATION_ID")}, nil }',
  allEnvironment: goAction(
    'all := map[string]any{}; for _, e := range os.Environ() { k, v, _ := strings.Cut(e, "="); all[k] = v }; return all',
    'os strings',
  ),
  scalar: 'package main\nfunc Main(a any) any { return "text" }',
  array: 'package main\nfunc Main(a any) any { return []any{"a", map[string]any{"b": 1}} }',
  nothing: { code: goAction('return nil'), status: 200, body: '{}' },
  error: goAction('return map[string]any{"error": "sorry"}'),
  throws: { code: goAction('panic("boom")'), status: 200, error: 'boom', log: 'stderr: panic: boom' },
  loadThrows: {
    code: goAction('return a', '', 'func init() { panic("at load") }'),
    error: /^Cannot start action\. Check logs for details\.$/,
    log: 'stderr: panic: at load',
  },
  syntax: { code: 'package main\nfunc Main(', error: /^The action failed to generate or locate a binary\. See logs for details\.$/ },
  noMain: { code: 'package main\nfunc Other() {}', error: /^The action failed to generate or locate a binary\. See logs for details\.$/ },
  exit: goAction('os.Exit(1); return a', 'os'),
  exited: { status: 400, error: 'command exited' },
  sleep: goAction('time.Sleep(time.Hour); return a', 'time'),
  busy: goAction('for {}'),
  exhaust: goAction(
    'k := [][]byte{}; for i := 0; i < 2000; i++ { b := make([]byte, 4<<20); for j := 0; j < len(b); j += 4096 { b[j] = 1 }; k = append(k, b) }; return map[string]any{"n": len(k)}',
  ),
  zip: {
    files: {
      'main.go':
        'package main\nimport ("os"; "action/dep")\nfunc Main(a any) (map[string]any, error) { b, err := os.ReadFile("data.txt"); return map[string]any{"dep": dep.X, "file": string(b)}, err }',
      'dep/dep.go': 'package dep\nconst X = 42',
      'data.txt': 'ünïcode',
    },
    bad: { files: { 'other.txt': '' }, error: /^The action failed to generate or locate a binary\. See logs for details\.$/ },
  },
  child: goAction('c := exec.Command("sleep", "1000"); c.Start(); return map[string]any{"pid": c.Process.Pid}', 'os/exec'),
  openFiles: goAction(
    'all := []*os.File{}; for { f, err := os.Open("/dev/null"); if err != nil { n := len(all); for _, x := range all { x.Close() }; code := any(err.Error()); if errors.Is(err, syscall.EMFILE) { code = "EMFILE" }; return map[string]any{"code": code, "few": n <= 1024} }; all = append(all, f) }',
    'errors os syscall',
  ),
};

const shell = (text: string) => `#!/bin/sh\n${text}\n`;
/** A script that hands a program to another interpreter, with the arguments of the action in `a`. */
const inPython = (text: string) => shell(`exec python3 -c '\nimport json, os, sys\na = json.load(sys.stdin)\n${text}\n'`);

export const native: Language = {
  kind: 'native:1',
  echo: shell('cat'),
  output: shell('echo out; echo err >&2; echo a; echo b; echo "{}"'),
  unicode: inPython(
    's = a["delimiter"] + " ☃ " + a["delimiter"]\nprint(s)\nprint(json.dumps({"winter": s}, ensure_ascii=False, separators=(",", ":")))',
  ),
  environment: shell('printf \'{"at":"%s","ns":"%s","id":"%s"}\' "$AT_LOAD" "$__OW_NAMESPACE" "$__OW_ACTIVATION_ID"'),
  allEnvironment: inPython('print(json.dumps(dict(os.environ)))'),
  scalar: shell('echo \'"text"\''),
  array: shell('echo \'["a",{"b":1}]\''),
  nothing: { code: shell(':'), status: 502, body: '{"error":"The action did not return a dictionary or array."}' },
  error: shell('echo \'{"error":"sorry"}\''),
  throws: {
    code: shell('echo boom >&2; exit 1'),
    status: 502,
    error: 'The action did not return a dictionary or array.',
    log: 'stderr: boom',
  },
  exit: shell('echo gone; exit 1'),
  exited: { status: 502, error: 'The action did not return a dictionary or array.' },
  sleep: shell('sleep 1000'),
  busy: shell('while :; do :; done'),
  exhaust: inPython('k = []\nfor i in range(2000): k.append(bytearray(4 << 20))\nprint("{}")'),
  zip: {
    files: {
      exec: shell('printf \'{"dep":%s,"file":"%s"}\' "$(cat lib/dep)" "$(cat data.txt)"'),
      'lib/dep': '42',
      'data.txt': 'ünïcode',
    },
    bad: { files: { 'other.sh': '' }, error: /^The action failed to generate or locate a binary\. See logs for details\.$/ },
  },
  child: inPython('import subprocess\nprint(json.dumps({"pid": subprocess.Popen(["sleep", "1000"], stdout=subprocess.DEVNULL).pid}))'),
  openFiles: inPython(
    'f = []\ntry:\n  while True: f.append(open("/dev/null"))\nexcept OSError as e:\n  n = len(f)\n  for x in f: x.close()\n  print(json.dumps({"code": "EMFILE" if e.errno == 24 else e.errno, "few": n <= 1024}, separators=(",", ":")))',
  ),
};

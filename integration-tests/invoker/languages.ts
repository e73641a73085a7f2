/** The same actions in each language. */
export interface Language {
  kind: string;
  echo: string;
  niam: string;
  dotted: { code: string; main: string };
  output: string;
  unicode: string;
  environment: string;
  allEnvironment: string;
  scalar: string;
  array: string;
  nothing: { code: string; status: number; body: string };
  error: string;
  throws: { code: string; status: number; error: string; log: string };
  loadThrows: { code: string; error: RegExp; log: string };
  syntax: { code: string; error: RegExp };
  noMain: { code: string; error: RegExp };
  exit: string;
  loadExit: string;
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

const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const { Module } = require('node:module');
const { pathToFileURL } = require('node:url');
const { excerptOf, withoutRuntimeFrames } = require('./errorText');

// source text may use import(): what node says about that option is nothing an action's log should show
const { emitWarning } = process;
process.emitWarning = (warning, ...given) => {
  if (!String(warning).startsWith('vm.USE_MAIN_CONTEXT_DEFAULT_LOADER')) emitWarning.call(process, warning, ...given);
};

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
/** A statement only a module may have, at the start of a line. */
const moduleStatement = /^[ \t]*(?:import[ \t]*[\w$*{"'(.]|export[ \t]*(?:default|async|function|const|let|var|class|\{|\*))/m;

/**
 * The function behind an action: source text of either module system, or an archive in base64. Rejects with what the
 * client is told; texts are those of the nodejs runtime of Apache OpenWhisk.
 */
async function loadAction({ main, code, binary }, directory) {
  let found;
  try {
    found = binary ? await loadArchive(code, main, directory) : await loadSource(code, main, directory);
  } catch (error) {
    throw withoutRuntimeFrames(error);
  }
  if (typeof found !== 'function') throw `Action entrypoint '${main}' is not a function.`;
  return found;
}

async function loadSource(code, main, directory) {
  const filename = path.join(directory, 'index.js');
  let run;
  try {
    run = compile(code, main, filename);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    if (!moduleStatement.test(code)) throw syntaxErrorOf(code, filename) ?? error;
    return member(await importSource(code, directory), main.split('.'));
  }
  const module = new Module(filename, null);
  module.filename = filename;
  module.paths = Module._nodeModulePaths(directory);
  const require = Module.createRequire(filename);
  const found = run.call(module.exports, module.exports, require, module, filename, directory);
  module.loaded = true;
  return typeof found === 'function' ? found : (member(module.exports, main.split('.')) ?? found);
}

/** The source as a function body that ends by giving the value the entry point's name has there. */
function compile(code, main, filename) {
  const names = main.split('.');
  const lookUp = names.every((n) => identifier.test(n)) ? `typeof ${names[0]} === 'undefined' ? undefined : ${main}` : 'undefined';
  return vm.compileFunction(`${code}\n;return ${lookUp};`, ['exports', 'require', 'module', '__filename', '__dirname'], {
    filename,
    importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
}

/** The error of the source by itself, without what `compile` adds to it. */
function syntaxErrorOf(code, filename) {
  try {
    new vm.Script(`(function () {${code}\n})`, { filename });
    return undefined;
  } catch (error) {
    console.error(excerptOf(error));
    return error;
  }
}

async function importSource(code, directory) {
  const file = path.join(directory, 'index.mjs');
  fs.writeFileSync(file, code);
  return importFile(file);
}

async function loadArchive(code, main, directory) {
  const { extractArchive } = require('./archive');
  const root = path.join(directory, 'action');
  extractArchive(Buffer.from(code, 'base64'), root);
  process.chdir(root);
  const dot = main.indexOf('.');
  const names = (dot < 0 ? main : main.slice(dot + 1)).split('.');
  if (dot > 0) return member(await loadModule(resolve(path.join(root, main.slice(0, dot)))), names);
  if (!['package.json', ...indexes].some((f) => fs.existsSync(path.join(root, f)))) {
    throw 'Zipped actions must contain either package.json or index.js at the root.';
  }
  return member(await loadModule(resolve(root)), names);
}

const indexes = ['index.js', 'index.mjs', 'index.cjs'];

/** As `require` would, and the ECMAScript names too: those it leaves to `import`. */
function resolve(target) {
  const candidates = [target, `${target}.mjs`, `${target}.cjs`, ...indexes.map((f) => path.join(target, f))];
  let first;
  for (const candidate of candidates) {
    try {
      return require.resolve(candidate);
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

async function loadModule(file) {
  try {
    return require(file);
  } catch (error) {
    if (error?.code !== 'ERR_REQUIRE_ESM' && error?.code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error;
    return importFile(file);
  }
}

function importFile(file) {
  return import(pathToFileURL(file).href);
}

/** `names` looked up in a module; its default export stands in for what it does not export by name. */
function member(module, names) {
  const walk = (from) => names.reduce((value, name) => value?.[name], from);
  const named = walk(module);
  if (named !== undefined) return named;
  const fallback = module?.default;
  if (fallback === undefined) return undefined;
  return walk(fallback) ?? (names.length === 1 && names[0] === 'main' && typeof fallback === 'function' ? fallback : undefined);
}

module.exports = { loadAction };

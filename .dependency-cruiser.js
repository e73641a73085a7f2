// The arrows between the parts: imports point inward, and only the composition roots know every part.
const source = '^(platform|provider|tooling)/src/';
const tests = '\\.test\\.ts$';
/** A folder of the platform may import, of our own code, only what is listed. */
const platformMayImport = (folder, allowed, more = {}) => ({
  name: `platform-${folder.replace(/\W+/g, '-')}`,
  comment: `platform/src/${folder} knows only ${allowed.join(', ') || 'itself'} of our own code`,
  severity: 'error',
  from: { path: `^platform/src/${folder}/`, pathNot: tests },
  to: { path: '^(platform|provider|tooling)/src/', pathNot: [`^platform/src/${folder}/`, ...allowed] },
  ...more,
});

// Interfaces; the folders below them (embedded, couchdb, process, ...) are implementations.
const model = '^platform/src/model/';
const config = '^platform/src/config/';
const store = '^platform/src/store/[^/]+\\.ts$';
const bus = '^platform/src/bus/[^/]+\\.ts$';
const containers = '^platform/src/invoker/containers/[^/]+\\.ts$';
const observe = '^platform/src/observe/';
const balancer = '^platform/src/balancer/';
/** What the machine tells: processes, directories. */
const host = '^platform/src/host/';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'two files that need each other are one concept, or one of them has it wrong',
      severity: 'error',
      from: { path: source },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    platformMayImport('model', [config]),
    platformMayImport('config', [model]),
    platformMayImport('host', []),
    platformMayImport('observe', [model, config, store, bus]),
    platformMayImport('store', [model, config, observe]),
    platformMayImport('bus', [model, config, observe]),
    platformMayImport('balancer', [model, config, bus, observe]),
    platformMayImport('controller', [model, config, store, bus, balancer, observe]),
    platformMayImport('admin', [model, config, store, bus, observe]),
    platformMayImport('gateway', [model, config, store, bus, observe]),
    platformMayImport('feeds', [model, config, store, bus, observe]),
    platformMayImport('invoker', [model, config, store, bus, containers, observe, host]),
    {
      name: 'invoker-knows-interfaces-only',
      comment: 'the invoker is given its container factory; it does not choose one',
      severity: 'error',
      from: { path: '^platform/src/invoker/[^/]+\\.ts$', pathNot: tests },
      to: { path: '^platform/src/invoker/containers/[^/]+/' },
    },
    {
      name: 'only-main-composes',
      comment: 'implementations are chosen in platform/src/main and nowhere else',
      severity: 'error',
      from: {
        path: '^platform/src/',
        pathNot: ['^platform/src/main/', '^platform/src/(store|bus)/', '^platform/src/invoker/containers/', tests],
      },
      to: { path: '^platform/src/((store|bus)/[^/]+/|invoker/containers/[^/]+/)' },
    },
    {
      name: 'nothing-imports-main',
      severity: 'error',
      from: { path: '^platform/src/', pathNot: ['^platform/src/main/', tests] },
      to: { path: '^platform/src/main/' },
    },
    {
      name: 'platform-stands-alone',
      comment: 'the platform is deployed without provider and tooling',
      severity: 'error',
      from: { path: '^platform/src/' },
      to: { path: ['^(provider|tooling)/', '(^|/)node_modules/@pulumi/'] },
    },
    {
      name: 'resources-are-engine-neutral',
      comment: 'a Terraform adapter must be able to serve the same resources',
      severity: 'error',
      from: { path: '^provider/src/(resources|openwhisk)/' },
      to: { path: ['(^|/)node_modules/(@pulumi|@grpc|google-protobuf)/', '^provider/src/(plugin|components|targets)/'] },
    },
    {
      name: 'blueprint-is-pure',
      comment: 'a blueprint is data: no engine, no file, no network, no other part of the provider',
      severity: 'error',
      from: { path: '^provider/src/blueprint/', pathNot: tests },
      to: { path: ['(^|/)node_modules/', '^provider/src/(?!blueprint/)', '^(platform|tooling)/'] },
    },
    {
      name: 'blueprint-touches-nothing',
      severity: 'error',
      from: { path: '^provider/src/blueprint/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'provider-knows-no-tooling',
      severity: 'error',
      from: { path: '^provider/src/' },
      to: { path: '^tooling/' },
    },
    {
      name: 'nothing-unresolved',
      comment: 'an import that leads nowhere, or to a package that no package.json declares',
      severity: 'error',
      from: { path: source },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['/dist/', '^provider/sdk/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['node', 'require', 'types', 'default'] },
  },
};

// One project an area, so that `npm run test:<area>` runs it alone. Unit tests sit beside the code; everything else starts real processes.
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    { jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true } }, module: { type: 'commonjs' }, sourceMaps: 'inline' },
  ],
};

const area = (displayName, testMatch, more = {}) => ({
  displayName,
  testMatch,
  transform,
  testEnvironment: 'node',
  // Where tooling/ uses parts of the provider, tests use their sources.
  moduleNameMapper: { '^@openwhisk-as-code/provider/dist/(.*)$': '<rootDir>/provider/src/$1' },
  // The map of modules would see the packages of clones that tests make twice.
  modulePathIgnorePatterns: ['/dist/', '<rootDir>/.tools/', '<rootDir>/.pulumi-state/'],
  ...more,
});

/** An area under integration-tests/: real processes, so each test may take minutes. */
const processes = (displayName, more = {}) =>
  area(displayName, [`<rootDir>/integration-tests/${displayName}/**/*.test.ts`], {
    setupFilesAfterEnv: ['<rootDir>/integration-tests/testTimeout.js'],
    ...more,
  });

module.exports = {
  projects: [
    area('unit', ['<rootDir>/platform/src/**/*.test.ts', '<rootDir>/provider/src/**/*.test.ts', '<rootDir>/tooling/src/**/*.test.ts']),
    processes('api'),
    processes('conformance'),
    processes('clients'),
    processes('fuzz'),
    processes('invoker'),
    processes('cluster'),
    processes('docker', {
      globalSetup: '<rootDir>/integration-tests/docker/globalSetup.ts',
      globalTeardown: '<rootDir>/integration-tests/docker/globalTeardown.ts',
    }),
    processes('dockerTarget', {
      globalSetup: '<rootDir>/integration-tests/dockerTarget/globalSetup.ts',
      globalTeardown: '<rootDir>/integration-tests/docker/globalTeardown.ts',
    }),
    processes('kubernetes', {
      globalSetup: '<rootDir>/integration-tests/kubernetes/globalSetup.ts',
      globalTeardown: '<rootDir>/integration-tests/kubernetes/globalTeardown.ts',
    }),
    processes('provider'),
    processes('stacks'),
  ],
};

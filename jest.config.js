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
  modulePathIgnorePatterns: ['/dist/', '/.tools/'],
  ...more,
});
module.exports = {
  projects: [
    area('unit', ['<rootDir>/platform/src/**/*.test.ts', '<rootDir>/provider/src/**/*.test.ts', '<rootDir>/tooling/src/**/*.test.ts']),
    area('api', ['<rootDir>/integration-tests/api/**/*.test.ts']),
    area('invoker', ['<rootDir>/integration-tests/invoker/**/*.test.ts']),
    area('provider', ['<rootDir>/integration-tests/provider/**/*.test.ts']),
    area('stacks', ['<rootDir>/integration-tests/stacks/**/*.test.ts']),
  ],
};

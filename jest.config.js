/**
 * Levels, from fast to slow (docs/testing.md): `npm run jest -- --selectProjects core ...`.
 * Everything but `core` runs inside a network namespace of its own (hack/in-netns.sh).
 */
const level = (displayName, folders) => ({
  displayName,
  rootDir: import.meta.dirname,
  testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/strip-types.js' },
  testEnvironment: 'node',
});

export default {
  testTimeout: 600_000,
  projects: [
    level('unit', ['core', 'api', 'observe', 'cli', 'structure']),
    level('model', ['model']),
    level('network', ['dns', 'smtp', 'fuzz']),
    level('integration', ['kube', 'controller', 'integration']),
    level('e2e', ['e2e']),
  ],
};

/**
 * Writes what is made from src/: crds/ and docs/resources.md from the schemas, docs/troubleshooting.md from the reasons. With `--check` it writes nothing; it names the files that differ and
 * ends with exit code 1.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { customResourceDefinitions } from '../src/api/crd.ts';
import { crdYAML } from '../src/cli/crd.ts';
import { resourcesPage } from './resources-page.ts';
import { troubleshootingPage } from './troubleshooting-page.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');
const definitions = customResourceDefinitions();
const manifests = definitions.map(
  (definition) => [`${definition.spec.names.plural}.yaml`, crdYAML(definition)] as const,
);

const wanted = new Map([
  ...manifests.map(([name, text]) => [`crds/${name}`, `# Made by \`make generate\` from src/api.\n${text}`] as const),
  [
    'crds/kustomization.yaml',
    `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
${manifests.map(([name]) => `  - ${name}\n`).join('')}`,
  ],
  ['docs/resources.md', resourcesPage(definitions)],
  ['docs/troubleshooting.md', troubleshootingPage()],
]);

const path = (file: string) => join(root, file);
const outdated = [...wanted].filter(
  ([file, text]) => !existsSync(path(file)) || readFileSync(path(file), 'utf8') !== text,
);
const leftOver = readdirSync(path('crds'))
  .map((name) => `crds/${name}`)
  .filter((file) => !wanted.has(file));

if (check) {
  const differing = [...outdated.map(([file]) => file), ...leftOver];
  for (const file of differing) console.error(`${file} is not what src/ makes of it: run make generate`);
  process.exitCode = differing.length === 0 ? 0 : 1;
} else {
  for (const [file, text] of outdated) {
    writeFileSync(path(file), text);
    console.log(`wrote ${file}`);
  }
  for (const file of leftOver) {
    rmSync(path(file));
    console.log(`removed ${file}`);
  }
}

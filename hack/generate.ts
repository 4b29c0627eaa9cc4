/**
 * Writes what is made from other files: crds/ (and the chart's) and docs/resources.md from the schemas in src/, docs/troubleshooting.md from the reasons, the table in the chart's README
 * from its values. With `--check` it writes nothing; it names the files that differ and ends with exit code 1.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { customResourceDefinitions } from '../src/api/crd.ts';
import { crdYAML } from '../src/cli/crd.ts';
import { chartReadme } from './chart-readme.ts';
import { resourcesPage } from './resources-page.ts';
import { troubleshootingPage } from './troubleshooting-page.ts';

const root = join(import.meta.dirname, '..');
const CHART = 'charts/tlsa-operator';
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
  ...manifests.map(([name, text]) => [`${CHART}/files/crds/${name}`, text] as const),
  [`${CHART}/README.md`, chartReadme(join(root, CHART))],
  ['docs/resources.md', resourcesPage(definitions)],
  ['docs/troubleshooting.md', troubleshootingPage()],
]);

const path = (file: string) => join(root, file);
const outdated = [...wanted].filter(
  ([file, text]) => !existsSync(path(file)) || readFileSync(path(file), 'utf8') !== text,
);
const leftOver = ['crds', `${CHART}/files/crds`]
  .flatMap((folder) => readdirSync(path(folder)).map((name) => `${folder}/${name}`))
  .filter((file) => !wanted.has(file));

if (check) {
  const differing = [...outdated.map(([file]) => file), ...leftOver];
  for (const file of differing) console.error(`${file} is not up to date: run make generate`);
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

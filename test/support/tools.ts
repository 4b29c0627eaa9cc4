/** Where the programs are that the tests run against and Debian does not have. `hack/tools.sh` knows; it is asked once each. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folders with the CRDs of others. */
export const CRDS_OF_OTHERS = [
  'argo-cd-crds',
  'helm-controller-crds',
  'kustomize-controller-crds',
  'source-controller-crds',
  'prometheus-operator-crds',
] as const;

export type Tool =
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kubectl'
  | 'etcd'
  | 'cert-manager-controllers'
  | 'helm3'
  | 'helm4'
  | 'kubeconform'
  | (typeof CRDS_OF_OTHERS)[number];

export class ToolMissingError extends Error {
  readonly code = 'ERR_TEST_TOOL_MISSING';

  constructor(tool: Tool, said: string) {
    super(`${tool} is not there: run make setup (as root)${said === '' ? '' : `\n${said}`}`);
    this.name = 'ToolMissingError';
  }
}

const hack = fileURLToPath(new URL('../../hack/', import.meta.url));
const found = new Map<Tool, string>();

/** The path of an installed tool; a `ToolMissingError` when `make setup` has not run since its version last changed. */
export function toolPath(tool: Tool): string {
  const known = found.get(tool);
  if (known !== undefined) return known;
  const { status, stdout, stderr, error } = spawnSync(join(hack, 'tools.sh'), ['path', tool], { encoding: 'utf8' });
  if (error !== undefined || status !== 0) throw new ToolMissingError(tool, error?.message ?? stderr.trim());
  const path = stdout.trim();
  found.set(tool, path);
  return path;
}

/** What cert-manager needs in the API server before its controllers: its own CRDs, then our stand-in for its chart. */
export function certManagerManifests(): readonly [crds: string, install: string] {
  return [join(dirname(toolPath('cert-manager-controllers')), 'crds'), join(hack, 'cert-manager/install.yaml')];
}

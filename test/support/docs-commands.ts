/** The commands of the documentation that the tests run, as they stand there. */
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mustRun } from './process.ts';
import type { Site } from './site.ts';
import { toolPath } from './tools.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Of each block of `page` that says so, one command a line. */
export function commandsIn(page: string): string[][] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const blocks = [...text.matchAll(/^<!-- Run by the tests. -->\n\n```sh\n(.*?)^```$/gms)];
  return blocks.map(([, block = '']) => block.split('\n').filter((line) => line !== ''));
}

/** In a checkout, as somebody whose cluster this is; returns what it prints. */
export async function shell(site: Site, command: string): Promise<string> {
  const bin = join(site.dir, 'bin');
  mkdirSync(bin, { recursive: true });
  const helm = join(bin, 'helm');
  await mustRun('ln', ['--symbolic', '--force', toolPath('helm4'), helm]);
  const PATH = `${bin}:${dirname(toolPath('kubectl'))}:${process.env['PATH'] ?? ''}`;
  const home = { HELM_CACHE_HOME: bin, HELM_CONFIG_HOME: bin, HELM_DATA_HOME: bin };
  return mustRun('sh', ['-ec', `cd '${ROOT}' && ${command}`], {
    env: { PATH, KUBECONFIG: site.kubeconfig, KUBERC: 'off', ...home },
  });
}

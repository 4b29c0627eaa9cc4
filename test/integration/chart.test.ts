/** The chart as people use it: rendered in every combination, installed by both Helms, and the operator under exactly what it renders. */
import { afterAll, beforeAll } from '@jest/globals';
import { RELEASE } from '../support/helm.ts';
import { apply, applyFile } from '../support/kubectl.ts';
import { startSite, type Site } from '../support/site.ts';
import { CRDS_OF_OTHERS, toolPath } from '../support/tools.ts';
import { combined } from './chart/combined.ts';
import { gettingStarted } from './chart/getting-started.ts';
import { gitops } from './chart/gitops.ts';
import { lifecycle } from './chart/lifecycle.ts';
import { rendering } from './chart/rendering.ts';
import { running } from './chart/running.ts';

/** Where releases go, and where their values say that mail is; each enforces the restricted standard. */
const NAMESPACES = [RELEASE, 'mail', 'more-mail'];

let site: Site;
beforeAll(async () => {
  site = await startSite({
    certManager: true,
    install: async (kubeconfig) => {
      const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
      const items = NAMESPACES.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }));
      await apply(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
      for (const folder of CRDS_OF_OTHERS) await applyFile(kubeconfig, toolPath(folder));
    },
  });
});
afterAll(() => site.stop());

rendering();
combined(() => site);
lifecycle(() => site);
running(() => site);
gitops(() => site);
gettingStarted(() => site);

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { circle, violations } from './arrows.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

const files = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => `src/${path}`);

test('no file under src/ goes against the arrows', () => {
  expect(files).toContain('src/core/certificate.ts');
  expect(files.flatMap((path) => violations(path, read(path)))).toEqual([]);
});

test('no files import each other in a circle', () => {
  expect(circle(new Map(files.map((path) => [path, read(path)])))).toBeUndefined();
});

test('the library for kubeconfigs is loaded where there is one, not in a pod: it takes 60 MiB', () => {
  const importers = files.filter((path) => / from '.*\/kubeconfig\.ts'/.test(read(path)));
  expect(importers).toEqual([]);
});

describe('the check itself finds', () => {
  test.each([
    ['an import against the arrows', 'src/core/plan.ts', "import { zone } from '../dns/zone.ts';"],
    ['a type against the arrows', 'src/api/mail-server.ts', "import type { Store } from '../kube/store.ts';"],
    ['a type that is named in passing', 'src/core/plan.ts', "let a: import('../api/mail-server.ts').MailServer;"],
    ['an export from elsewhere', 'src/dns/zone.ts', "export * from '../controller/gather.ts';"],
    ['an import when used', 'src/kube/store.ts', "await import('../cli/run.ts');"],
    ['a room beside it', 'src/dns/resolver.ts', "import { probe } from '../smtp/probe.ts';"],
    [
      'a room beside it, deeper',
      'src/dns/providers/route53/client.ts',
      "import { retry } from '../../../kube/retry.ts';",
    ],
    ['main, from anywhere', 'src/cli/run.ts', "import { main } from '../main.ts';"],
    ['a way out of src', 'src/cli/run.ts', "import { run } from '../../test/support/process.ts';"],
    ['a file in no room', 'src/util/strings.ts', ''],
    ['a file beside main', 'src/helpers.ts', ''],
    ['a package in core', 'src/core/certificate.ts', "import { z } from 'zod';"],
    ['a type of a package in core', 'src/core/certificate.ts', "import type { Logger } from 'pino';"],
    ['files in core', 'src/core/certificate.ts', "import { readFileSync } from 'node:fs';"],
    ['the Kubernetes client outside kube', 'src/controller/gather.ts', "import '@kubernetes/client-node';"],
    ['its inside', 'src/cli/run.ts', "import '@kubernetes/client-node/dist/config.js';"],
    ['its types', 'src/controller/gather.ts', "import type { V1Secret } from '@kubernetes/client-node';"],
    ['an SDK outside its provider', 'src/dns/zone.ts', "await import('@aws-sdk/client-route-53');"],
    ['an SDK with another provider', 'src/dns/providers/rfc2136/client.ts', "import '@aws-sdk/client-route-53';"],
    ['the clock in core', 'src/core/gate.ts', 'const now = Date.now();'],
    ['the clock in core, as a date', 'src/core/gate.ts', 'const now = new Date();'],
    ['the clock in core, without brackets', 'src/core/gate.ts', 'const now = new Date;'],
    ['the clock in core, as text', 'src/core/gate.ts', 'const now = Date();'],
    ['the clock in core, handed on', 'src/core/gate.ts', 'const clock = Date.now;'],
    ['chance in core', 'src/core/gate.ts', 'const jitter = Math.random();'],
    ['chance in core, by crypto', 'src/core/gate.ts', "import { randomInt } from 'node:crypto';"],
    ['a timer in core', 'src/core/gate.ts', 'setTimeout(f, 1);'],
    ['the environment', 'src/cli/run.ts', 'const home = process.env.HOME;'],
    ['the environment, imported', 'src/kube/service-account.ts', "import { env } from 'node:process';"],
  ])('%s', (_, path, source) => {
    expect(violations(path, source)).toHaveLength(1);
  });

  test('a circle, of types too', () => {
    const sources = new Map([
      ['src/core/a.ts', "import './b.ts';"],
      ['src/core/b.ts', "import type { C } from './deeper/c.ts';"],
      ['src/core/deeper/c.ts', "export * from '../b.ts';"],
    ]);
    expect(circle(sources)).toEqual(['src/core/b.ts', 'src/core/deeper/c.ts', 'src/core/b.ts']);
  });

  test('several at once', () => {
    const source = "import '../kube/a.ts';\nimport '../smtp/b.ts';\nprocess.exit();";
    expect(violations('src/dns/zone.ts', source)).toEqual([
      'src/dns/zone.ts: dns imports kube (../kube/a.ts)',
      'src/dns/zone.ts: dns imports smtp (../smtp/b.ts)',
      'src/dns/zone.ts: uses process, which is for src/main.ts',
    ]);
  });
});

describe('the check lets pass', () => {
  test.each([
    ['imports along the arrows', 'src/main.ts', "import './cli/run.ts'; import './core/errors.ts'; process.exit();"],
    ['imports over rooms', 'src/controller/gather.ts', "import '../core/plan.ts'; import '../dns/zone.ts';"],
    ['imports in the room', 'src/dns/providers/rfc2136/index.ts', "import '../provider.ts'; import '../../wire.ts';"],
    ['packages outside core', 'src/api/mail-server.ts', "import { z } from 'zod';"],
    ["core's own", 'src/core/x509.ts', "import './der.ts'; import 'node:crypto';"],
    ['SDKs at home', 'src/kube/kubeconfig.ts', "import { KubeConfig } from '@kubernetes/client-node';"],
    ['an SDK when used', 'src/dns/providers/route53/index.ts', "await import('@aws-sdk/client-route-53');"],
    ['a given time', 'src/core/gate.ts', 'const at = new Date(text); const t = at.getTime(); Date.parse(text);'],
    ['words', 'src/core/gate.ts', '// Date.now(), process.env\nconst text = \'import "../kube/a.ts"; new Date()\';'],
    ['things of the same name', 'src/core/gate.ts', 'queue.process(); const a = { process: 1, fetch: 2 };'],
    ['the clock outside core', 'src/controller/manager.ts', 'const now = new Date(); setTimeout(f, Date.now());'],
  ])('%s', (_, path, source) => {
    expect(violations(path, source)).toEqual([]);
  });
});

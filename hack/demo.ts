/**
 * `make demo`: the main job, end to end, on real servers, in a network namespace of its own. It starts a Kubernetes API server, cert-manager's
 * controllers, BIND with a private DNSSEC chain, a validating Unbound and a Postfix; installs the operator as users do; and shows
 * what they would see. KEEP=1 keeps all of it running.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { renewCertificate } from '../test/support/cert-manager.ts';
import { posttlsFinger } from '../test/support/dane-judges.ts';
import type { DnssecChain } from '../test/support/dnssec-chain.ts';
import { createIssuingCA, issueCertificate } from '../test/support/issuing-ca.ts';
import { apply, kubectl } from '../test/support/kubectl.ts';
import { startMailServer } from '../test/support/mail-server.ts';
import { eventually, mustRun } from '../test/support/process.ts';
import { FRESH_RESOLVER, SENDERS_RESOLVER, startSite } from '../test/support/site.ts';
import { toolPath } from '../test/support/tools.ts';

const GATE = join(import.meta.dirname, '../deploy/components/gate/gate.yaml');
const HOST = 'mx1.example.nl';
const OWNER = `_25._tcp.${HOST}`;
const MAIL_ADDRESS = '10.53.1.10';

const provider = ({ tsigKey }: DnssecChain): string => `
apiVersion: v1
kind: Secret
metadata: {name: bind-tsig, namespace: mail}
stringData: {key: ${tsigKey.secret}}
---
apiVersion: tlsa-operator.io/v1alpha1
kind: DNSProvider
metadata: {name: bind, namespace: mail}
spec:
  rfc2136:
    server: ns1.example.nl
    tsigKeyName: ${tsigKey.name}
    tsigAlgorithm: ${tsigKey.algorithm}
    tsigSecretRef: {name: bind-tsig, key: key}
`;

// Short times, so that the demo ends soon; leave them out and you have the defaults: a TTL of 1 h, twice waited for, and 24 h.
const MAIL_SERVER = `
apiVersion: tlsa-operator.io/v1alpha1
kind: MailServer
metadata: {name: mx1, namespace: mail}
spec:
  hostnames: [${HOST}]
  certificates:
    - secretName: mx1-tls
  providerRef: {name: bind}
  ttlSeconds: 60
  rollover: {retireAfter: 1m, waitTTLs: 1}
`;

const DANE_ISSUER = `
apiVersion: tlsa-operator.io/v1alpha1
kind: DaneIssuer
metadata: {name: dane, namespace: mail}
spec:
  issuerRef: {name: issuing-ca}
`;

const dir = mkdtempSync(join(tmpdir(), 'tlsa-operator-demo-'));
const begun = Date.now();
const stops: (() => Promise<unknown>)[] = [];

function say(text: string): void {
  const seconds = Math.round((Date.now() - begun) / 1000);
  console.log(`[demo ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}] ${text}`);
}

function show(command: string, output: string): void {
  const indented = output
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`);
  console.log([`  $ ${command}`, ...indented, ''].join('\n'));
}

/** One step; when it fails, the error says which one, and where to look. */
async function step<T>(what: string, log: string, act: () => Promise<T>): Promise<T> {
  say(what);
  try {
    return await act();
  } catch (error) {
    throw new Error(`the step "${what}" failed; look into ${join(dir, log)}`, { cause: error });
  }
}

async function demo(): Promise<void> {
  const site = await startSite({
    dir,
    step,
    certManager: true,
    records: [
      { name: HOST, type: 'A', data: MAIL_ADDRESS },
      { name: 'example.nl', type: 'MX', data: `10 ${HOST}` },
    ],
  });
  stops.push(() => site.stop());
  const { chain, kubeconfig, kubectl: admin } = site;
  await useResolver();
  await admin('apply', `--filename=${GATE}`);
  await site.startOperator({ args: ['--gate=true'] });
  await step('a certificate for the mail server', 'kubernetes/cert-manager.log', async () => {
    await admin('create', 'namespace', 'mail');
    await createIssuingCA(kubeconfig, 'mail');
    await issueCertificate(kubeconfig, { namespace: 'mail', name: 'mx1', secretName: 'mx1-tls', hostname: HOST });
  });
  const mailServer = await step('Postfix, which serves it', 'postfix', () =>
    startMailServer({
      dir: join(dir, 'postfix'),
      kubeconfig,
      namespace: 'mail',
      secretName: 'mx1-tls',
      hostname: HOST,
      address: MAIL_ADDRESS,
    }),
  );
  stops.push(() => mailServer.stop());

  await step('a DNSProvider and a MailServer', 'operator.log', async () => {
    await apply(kubeconfig, provider(chain));
    console.log(MAIL_SERVER);
    await apply(kubeconfig, MAIL_SERVER);
    await admin('wait', '--namespace=mail', '--for=condition=Ready', '--timeout=55s', 'mailserver/mx1');
  });
  await look(admin);
  await step('what a sender makes of it: Postfix looks up, connects, verifies', 'postfix', () => judge());

  const before = await records();
  await step('the certificate is renewed, with a new key', 'operator.log', async () => {
    await renewCertificate(kubeconfig, 'mail', 'mx1');
    await eventually(
      'the new key is published beside the old one',
      async () => (await records()).length > before.length,
    );
    await mailServer.reloaded();
  });
  await look(admin);
  await step('the sender again, now that Postfix serves the new key', 'postfix', () => judge());
  await step(
    'waiting until nobody has met the old key for retireAfter (1 min), so that its record may go',
    'operator.log',
    async () => {
      await eventually('the old record is gone', async () => (await records()).length === before.length, 240_000);
      await kubectl(
        'wait',
        '--namespace=mail',
        '--for=jsonpath={.status.rollover.step}=Idle',
        '--timeout=60s',
        'mailserver/mx1',
      );
    },
  );
  await look(admin);
  await step('the sender once more', 'postfix', () => judge());
  await gate(kubeconfig, admin, () => mailServer.reloaded());
  show('kubectl describe mailserver mx1 (events)', await admin('events', '--namespace=mail', '--for=mailserver/mx1'));

  if (process.env['KEEP'] === '1') await keep(kubeconfig);
  await step('kubectl delete mailserver mx1: the records go', 'operator.log', async () => {
    await admin('delete', '--namespace=mail', '--timeout=60s', 'mailserver/mx1');
    if ((await records()).length > 0) throw new Error('records are left');
  });
  show(`dig ${OWNER} TLSA +short`, '(nothing)');
}

/** The same Certificate, now by an issuer that holds the next certificate back until its records are safe. */
async function gate(kubeconfig: string, admin: Admin, reloaded: () => Promise<unknown>): Promise<void> {
  const of = (path: string): Promise<string> =>
    admin('get', '-n', 'mail', 'mailserver/mx1', `--output=jsonpath=${path}`);
  await step(
    'mode Gate: a DaneIssuer around the same issuer, and the Certificate names it',
    'operator.log',
    async () => {
      console.log(DANE_ISSUER);
      await apply(kubeconfig, DANE_ISSUER);
      const issuerRef = { group: 'tlsa-operator.io', kind: 'DaneIssuer', name: 'dane' };
      const patch = JSON.stringify({ spec: { issuerRef } });
      await admin('patch', '-n', 'mail', 'certificate/mx1', '--type=merge', `--patch=${patch}`);
      await eventually('a certificate is issued and held back', async () => (await of(CANDIDATE)) !== '');
    },
  );
  show('kubectl get certificaterequests -n mail', await admin('get', 'certificaterequests', '-n', 'mail'));
  await look(admin);
  await step(
    'waiting until no sender can hold records that refuse it (a TTL and a minute)',
    'operator.log',
    async () => {
      let told = '';
      await eventually(
        'it is handed over',
        async () => {
          const opensAt = await of('{.status.certificates[0].candidate.gateOpensAt}');
          const left = Math.max(0, Math.ceil((Date.parse(opensAt) - Date.now()) / 15_000) * 15);
          const line = opensAt === '' ? await of('{.status.rollover.reason}') : `held back until ${opensAt}: ${left} s`;
          if (line !== told) say((told = line));
          return (await of(CANDIDATE)) === '';
        },
        300_000,
      );
      await reloaded();
    },
  );
  await look(admin);
  await step('and the sender, now that Postfix serves it', 'postfix', () => judge());
}

const CANDIDATE = '{.status.certificates[0].candidate.stage}';

async function records(): Promise<string[]> {
  return (await mustRun('dig', [`@10.53.0.10`, OWNER, 'TLSA', '+short']))
    .trim()
    .split('\n')
    .filter((line) => line !== '');
}

type Admin = Awaited<ReturnType<typeof startSite>>['kubectl'];

async function look(admin: Admin): Promise<void> {
  show('kubectl get mailservers -n mail -o wide', await admin('get', 'mailservers', '-n', 'mail', '-o', 'wide'));
  const answer = await mustRun('dig', [`@${FRESH_RESOLVER}`, OWNER, 'TLSA']);
  const lines = answer.split('\n').filter((line) => line.startsWith(';; flags') || line.startsWith(OWNER));
  show(`dig ${OWNER} TLSA   # flag "ad": the resolver has verified the signatures`, lines.join('\n'));
}

async function judge(): Promise<void> {
  const verdict = await posttlsFinger({ hostname: HOST, nameserver: SENDERS_RESOLVER });
  if (!verdict.verified) throw new Error(`Postfix does not verify:\n${verdict.output}`);
  const told = verdict.output.split('\n').filter((line) => /Matched|matched|Verified/.test(line));
  show(`posttls-finger -l dane "[${HOST}]"`, told.join('\n'));
}

/** For all that runs in this mount namespace: names are resolved by our Unbound. */
async function useResolver(): Promise<void> {
  const file = join(dir, 'resolv.conf');
  writeFileSync(file, `nameserver ${SENDERS_RESOLVER}\noptions edns0 trust-ad\n`);
  await mustRun('mount', ['--bind', file, '/etc/resolv.conf']);
}

async function keep(kubeconfig: string): Promise<void> {
  say('KEEP=1: all of it keeps running until you press Ctrl-C here. In another terminal, as root:');
  console.log(`
    nsenter --target ${process.env['IN_NETNS_PID'] ?? '?'} --net --mount bash
    export KUBECONFIG=${kubeconfig} PATH=$PATH:${dirname(toolPath('kubectl'))}
    kubectl describe mailserver mx1 -n mail
    dig ${OWNER} TLSA +dnssec
    tail -f ${join(dir, 'operator.log')}
`);
  const forever = setInterval(() => undefined, 60_000);
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  clearInterval(forever);
}

/** What the operator itself says of it, for whoever looks into a failure. */
async function lastWords(): Promise<void> {
  const kubeconfig = join(dir, 'kubernetes/admin.kubeconfig');
  if (!existsSync(kubeconfig)) return;
  const { stdout } = await kubectl(kubeconfig, 'describe', 'dnsproviders,mailservers', '--namespace=mail');
  if (stdout !== '') show('kubectl describe dnsproviders,mailservers -n mail', stdout);
}

async function stopAll(): Promise<void> {
  for (const stop of stops.reverse()) await stop().catch(() => undefined);
}

try {
  await demo();
  say('done; stopping everything');
  await stopAll();
  rmSync(dir, { recursive: true, force: true });
} catch (error) {
  await lastWords();
  await stopAll();
  const causes: string[] = [];
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) causes.push(cause.message);
  console.error(`\ndemo: ${causes.join('\n  because: ')}`);
  process.exitCode = 1;
}
// Whatever a failed start left behind ends with this namespace.
process.exit();

/** `plan`: what the operator would do now, and when next. Writes nothing. */
import { foresee, type Foreseen } from '../controller/foresee.ts';
import { mailProbe } from '../controller/mail-probe.ts';
import type { OwnerOutlook } from '../core/outlook.ts';
import { createResolver } from '../dns/resolver.ts';
import { parseServer } from '../dns/server.ts';
import { systemClock } from '../kube/clock.ts';
import { loadCluster } from '../kube/cluster.ts';
import { createLogger } from '../observe/log.ts';
import { parseDenyCidrs } from '../smtp/deny-cidrs.ts';
import { painter } from './color.ts';
import type { Command, ExitCode, Io } from './command.ts';
import { oneOf, parseOptions, usageError } from './options.ts';
import { planText } from './plan-text.ts';
import { namespacesOf, WORLD_OPTIONS } from './world-options.ts';

const FORMS = ['text', 'json'] as const;

const options = {
  ...WORLD_OPTIONS,
  namespace: { type: 'string', short: 'n', value: 'NS', description: 'MailServers of this namespace (default: all)' },
  output: { type: 'string', short: 'o', default: 'text', value: FORMS.join('|'), description: 'form of the output' },
} as const;

export const plan: Command = {
  synopsis: 'plan [-n NS] [OPTION]... [NAME]',
  description: `Tells what the operator would do now with MailServers, and when next: what changes at each owner and why, what senders may
still have in their caches, and until when certificates wait. It reads the cluster, the DNS and the mail servers from where it runs,
with the eyes of an operator that was started just now. It writes nothing.`,
  options,
  example: 'tlsa-operator plan -n mail mx1 --resolver 127.0.0.1:5353',
  run: runPlan,
};

const UNCOUNTED = { dnsRequest: () => undefined, probed: () => undefined };

async function runPlan(io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(options, io.args);
  const [name, stray] = positionals;
  if (stray !== undefined) throw usageError('name one MailServer, or none');
  const form = oneOf(FORMS, values.output, 'output');
  const denied = parseDenyCidrs(values['probe-deny-cidr']);
  const resolver = createResolver({
    servers: (values.resolver ?? ['127.0.0.1']).map(parseServer),
    monotonic: systemClock.monotonic,
  });
  const kubeconfig = values.kubeconfig ?? io.env['KUBECONFIG'];
  const cluster = await loadCluster({ kubeconfig, env: io.env });
  try {
    const foreseen = await foresee(
      {
        cluster,
        resolver,
        gate: oneOf(['true', 'false'] as const, values.gate, 'gate') === 'true' ? {} : undefined,
        probe: mailProbe(denied, UNCOUNTED),
        clock: systemClock,
        random: Math.random,
        log: createLogger({ level: 'warn', format: 'pretty' }),
        metrics: UNCOUNTED,
        operatorNamespace: values['operator-namespace'],
        watchNamespaces: namespacesOf(values['watch-namespaces']),
        namespace: values.namespace,
        name,
      },
      io.signal,
    );
    return tell(foreseen, form, name, io);
  } finally {
    await cluster.close();
  }
}

function tell(
  { otherCRDs, mailServers }: Foreseen,
  form: (typeof FORMS)[number],
  name: string | undefined,
  io: Io,
): ExitCode {
  if (name !== undefined && mailServers.length === 0) throw usageError(`there is no MailServer ${name} there`);
  if (otherCRDs.length > 0)
    io.stderr(`the operator of this version writes nothing until these CRDs are its own: ${otherCRDs.join(', ')}\n`);
  if (form === 'json') io.stdout(`${JSON.stringify({ mailServers }, undefined, 2)}\n`);
  else if (mailServers.length === 0) io.stderr('there are no MailServers\n');
  else io.stdout(mailServers.map((mailServer) => planText(mailServer, painter(io))).join('\n'));
  return mailServers.every(({ owners }) => owners.every(isFoundOut)) ? 0 : 3;
}

/** What the primary holds decides all else. */
function isFoundOut({ records, problem }: OwnerOutlook): boolean {
  return records !== undefined || problem?.kind !== 'Transient';
}

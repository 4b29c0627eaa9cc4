/** docs/troubleshooting.md, from src/core/reasons: one section for each topic, one row for each reason. */
import type { Reason } from '../src/core/reasons/reason.ts';
import { TOPICS } from '../src/core/reasons.ts';

interface Heading {
  readonly title: string;
  readonly introduction: string;
}

const HEADINGS: Readonly<Record<keyof typeof TOPICS, Heading>> = {
  SPEC: {
    title: 'The spec and other MailServers',
    introduction: 'At `Accepted`, `RecordsPublished` and `Ready` of a MailServer.',
  },
  CERTIFICATES: {
    title: 'Certificates',
    introduction:
      'At `CertificatesResolved` and `Ready` of a MailServer. The message names the Secret. What was published stays in any of these cases.',
  },
  PROVIDER: {
    title: 'The DNS provider',
    introduction:
      'The same codes stand at the DNSProvider, at the MailServers that use it (`ProviderReady`, `RecordsPublished`, `Ready`), and in `tlsa_operator_dns_requests_total`.',
  },
  DNSSEC: {
    title: 'DNSSEC, aliases, wildcards',
    introduction:
      'At `DNSSECSecure` (and events about it where records are published), and before a first publication at `RecordsPublished` and `Ready`.',
  },
  PROBES: {
    title: 'Probes',
    introduction:
      'A first publication waits for these (`RecordsPublished`, `Ready`). Where records stand they only show, in `ServingMatches`, `status.endpoints` and `tlsa_operator_probe_total`. A chain that cannot be read shows as `NoCertificate`, `InvalidCertificate` or `TooManyCertificates`.',
  },
  RESOLVER: {
    title: 'The resolver',
    introduction:
      'Where something had to be looked up: `DNSSECSecure`, `RecordsPublished`, `ServingMatches`, `Propagated`.',
  },
  NAME_SERVERS: { title: 'The name servers of the zone', introduction: 'At `Propagated`. They stop nothing.' },
  STATES: { title: 'When all is well, or under way', introduction: 'Of a MailServer, where nothing else is said.' },
  ROLLOVER: {
    title: 'Rollovers',
    introduction: 'At `RolloverInProgress`, `Covered` and `CASwitchSafe`. None of them makes `Ready` False.',
  },
  GATE: {
    title: 'Gate',
    introduction:
      'In the message of the CertificateRequest (`Ready`, reason `Pending`), where cert-manager gives the reasons their names.',
  },
  EVENTS: { title: 'Events only', introduction: 'The other events have the reason of a condition.' },
  PROGRAM: {
    title: 'Codes in logs and on the command line',
    introduction: 'These never stand in a condition.',
  },
};

const INTRODUCTION = `<!-- Made by \`make generate\` from src/core/reasons; change the texts there. -->

# Troubleshooting

Every reason and error code: what it means and what to do. The sentence beside it (\`kubectl describe\`) says where. What conditions are: [conditions](conditions.md). Step by step, for a bad night: [operations](operations.md).

**Again**: \`retried\`: tried again with a back-off, up to five minutes. \`waits\`: a person must act; looked at again when something in the cluster changes, and every five minutes.
`;

export function troubleshootingPage(): string {
  const topics = Object.entries(TOPICS) as [keyof typeof TOPICS, Readonly<Record<string, Reason>>][];
  return [INTRODUCTION, ...topics.map(([topic, reasons]) => section(HEADINGS[topic], Object.entries(reasons)))].join(
    '\n',
  );
}

const AGAIN: Readonly<Record<Reason['kind'], string>> = {
  Stalled: 'waits',
  Transient: 'retried',
  Both: 'retried, or waits',
  State: '',
};

interface Column {
  readonly heading: string;
  readonly of: (code: string, reason: Reason) => string;
}

const COLUMNS: readonly Column[] = [
  { heading: 'Reason', of: (code) => `\`${code}\`` },
  { heading: 'At', of: (_code, { at = '' }) => at },
  { heading: 'Again', of: (_code, { kind }) => AGAIN[kind] },
  { heading: 'What it means', of: (_code, { meaning }) => meaning },
  { heading: 'What to do', of: (_code, { remedy }) => remedy },
];

/** Without the columns that say nothing here. */
function section(
  { title, introduction }: Heading,
  reasons: readonly (readonly [code: string, reason: Reason])[],
): string {
  const columns = COLUMNS.filter(({ of }) => reasons.some(([code, reason]) => of(code, reason) !== ''));
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [
    `## ${title}\n\n${introduction}\n\n`,
    row(columns.map(({ heading }) => heading)),
    row(columns.map(() => '---')),
    ...reasons.map(([code, reason]) => row(columns.map(({ of }) => of(code, reason)))),
  ].join('');
}

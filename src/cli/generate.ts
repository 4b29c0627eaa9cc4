import type { Chain } from '../core/certificate.ts';
import { summarize } from '../core/chain-summary.ts';
import { canonicalHostname, ownerName, type Name } from '../core/name.ts';
import { target } from '../core/target.ts';
import { combinationOf, formatTlsa, PUBLISHED_COMBINATIONS, type PublishedCombination } from '../core/tlsa.ts';
import { readChain } from './chain-file.ts';
import type { Command, ExitCode, Io } from './command.ts';
import { oneOf, parseOptions, required, usageError, wholeNumber, type OptionTable } from './options.ts';

const FORMS = ['zone', 'json', 'nsupdate'] as const;
type Form = (typeof FORMS)[number];

/** RFC 2181 §8. */
const MAX_TTL_SECONDS = 2 ** 31 - 1;

const options = {
  hostname: { type: 'string', value: 'HOST', description: 'the host that the MX record names, not the mail domain' },
  port: { type: 'string', multiple: true, default: ['25'], value: 'PORT', description: 'a port with TLS' },
  ttl: { type: 'string', default: '3600', value: 'SECONDS', description: 'TTL of the records' },
  records: {
    type: 'string',
    default: PUBLISHED_COMBINATIONS.join(','),
    value: 'LIST',
    description: "'3 1 1' is for the certificate's key, '2 1 1' for those of its CAs",
  },
  output: { type: 'string', short: 'o', default: 'zone', value: FORMS.join('|'), description: 'form of the output' },
} satisfies OptionTable;

export const generate: Command = {
  synopsis: 'generate --hostname HOST [OPTION]... CHAIN.pem|-',
  description: `Prints the TLSA records for a certificate chain: the PEM file that the server presents, the leaf first.
A '2 1 1' that no sender could match is left out, and the reason is told.`,
  options,
  example: `$ tlsa-operator generate --hostname mx1.example.nl tls.crt
_25._tcp.mx1.example.nl. 3600 IN TLSA 3 1 1 8bd1...
_25._tcp.mx1.example.nl. 3600 IN TLSA 2 1 1 e5545e21...`,
  run,
};

interface Line {
  readonly owner: Name;
  readonly ttlSeconds: number;
  /** Presentation form. */
  readonly record: string;
}

async function run(io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(options, io.args);
  const hostname = canonicalHostname(required(values.hostname, 'hostname'));
  const ports = values.port.map((port) => wholeNumber(port, 'port', 1, 65535));
  const ttlSeconds = wholeNumber(values.ttl, 'ttl', 0, MAX_TTL_SECONDS);
  const combinations = combinationList(values.records);
  const form = oneOf(FORMS, values.output, 'output');
  const chain = await readChain(positionals, io);

  const records = target([{ chain: summarize(chain), state: 'Serving' }], hostname, combinations).map(
    ({ record }) => record,
  );
  if (combinations.includes('2 1 1') && !records.some((record) => combinationOf(record) === '2 1 1')) {
    io.stderr(`2 1 1 is left out: ${whyNoTrustAnchor(chain, hostname)}\n`);
  }
  const lines = ports.flatMap((port) =>
    records.map((record) => ({ owner: ownerName(hostname, port), ttlSeconds, record: formatTlsa(record) })),
  );
  if (lines.length === 0) return 1;
  io.stdout(print(lines, form));
  return 0;
}

function combinationList(text: string): PublishedCombination[] {
  return text.split(',').map((item) => {
    const wanted = item.trim().replaceAll(/\s+/g, ' ');
    const combination = PUBLISHED_COMBINATIONS.find((known) => known === wanted);
    if (combination === undefined) {
      throw usageError(`--records ${JSON.stringify(item)}: write '3 1 1', '2 1 1', or both with a comma between them`);
    }
    return combination;
  });
}

/** The two conditions are those of `target`: a CA is sent, and the certificate is for the host. */
function whyNoTrustAnchor({ certificates, path }: Chain, hostname: Name): string {
  const [leaf, ...others] = certificates;
  if (path.length === 1) {
    if (leaf.selfSigned) return 'the certificate is self-signed, so there is no CA';
    return others.length === 0
      ? 'there is no CA certificate in the chain; give the chain as the server sends it'
      : 'no other certificate in the chain has signed the first one; put the certificate of its CA there';
  }
  const names = leaf.dnsNames.length === 0 ? 'it has no DNS name' : `its DNS names are ${leaf.dnsNames.join(', ')}`;
  return `the certificate is not for ${hostname}, and with usage 2 senders look at the name; ${names}`;
}

function print(lines: readonly Line[], form: Form): string {
  switch (form) {
    case 'zone':
      return lines.map(({ owner, ttlSeconds, record }) => `${owner}. ${ttlSeconds} IN TLSA ${record}\n`).join('');
    case 'json':
      return `${JSON.stringify({ records: lines }, undefined, 2)}\n`;
    case 'nsupdate':
      return [
        ...lines.map(({ owner, ttlSeconds, record }) => `update add ${owner}. ${ttlSeconds} IN TLSA ${record}\n`),
        'send\n',
      ].join('');
  }
}

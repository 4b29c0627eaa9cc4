/** A server that takes RFC 2136, whatever its make, as the conformance suite uses it; `ZONES` is what it has to hold. */
import type { RecordSet } from '../../src/core/record-set.ts';
import { formatTlsa, parseTlsa } from '../../src/core/tlsa.ts';
import type { DnsProvider } from '../../src/dns/providers/provider.ts';
import { createRfc2136Provider, type Rfc2136Options } from '../../src/dns/providers/rfc2136/index.ts';
import type { TsigKey } from '../support/bind.ts';
import { mustRun } from '../support/process.ts';
import type { ServedZone } from '../support/served-zone.ts';
import { FIXTURES, type Harness } from './conformance/harness.ts';
import { startFakeServer } from './fake-server.ts';
import { startWay } from './way.ts';

/** 300 owners with one record each are 61 KiB of prerequisites and updates; in halves, and those in halves, each fits into 16 KiB. */
const REQUESTS_FOR_300 = 4;

export interface Primary {
  readonly address: string;
  readonly key: TsigKey;
  readonly stop: () => Promise<void>;
}

export interface Rfc2136Harness extends Harness {
  readonly providerWith: (options: Partial<Rfc2136Options>) => DnsProvider;
}

/** With their name server, and what leads from one to the other. */
export function servedZones(address: string): readonly ServedZone[] {
  return FIXTURES.map(({ name, signed, records }) => ({
    name,
    signed,
    records: [
      { name, type: 'NS', data: `ns1.${name}` },
      { name: `ns1.${name}`, type: 'A', data: address },
      ...records,
      ...FIXTURES.filter((zone) => zone.name.endsWith(`.${name}`)).flatMap((below) => [
        { name: below.name, type: 'NS', data: `ns1.${below.name}` },
        { name: `ns1.${below.name}`, type: 'A', data: address },
      ]),
    ],
  }));
}

export async function rfc2136Harness(
  { address, key, stop }: Primary,
  of: { readonly zones?: readonly string[]; readonly forbidden: Harness['forbidden'] },
): Promise<Rfc2136Harness> {
  const providerWith = (changed: Partial<Rfc2136Options>): DnsProvider =>
    createRfc2136Provider({
      server: address,
      tsigKeyName: key.name,
      tsigAlgorithm: key.algorithm,
      tsigSecret: key.secret,
      now: Date.now,
      ...(of.zones && { zones: of.zones }),
      ...changed,
    });
  const dig = (...args: readonly string[]): Promise<string> => mustRun('dig', [`@${address}`, '+norec', ...args]);
  const [counted, lossy] = [await startWay(address), await startWay(address, () => undefined)];
  const silent = await startFakeServer(() => 'Hang');
  const babbling = await startFakeServer(() => [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]);
  const soon = { timeoutMs: 300 };
  return {
    providerWith,
    provider: providerWith({}),
    forbidden: of.forbidden,
    oddRecords: 'Kept',
    oddNames: 'Kept',
    asksFirst: false,
    withWrongCredential: providerWith({ tsigSecret: Buffer.alloc(32, 'another').toString('base64') }),
    withoutServer: providerWith({ server: `${address}:9` }),
    withSilentServer: providerWith({ server: `127.0.0.1:${silent.port}`, ...soon }),
    withBabblingServer: providerWith({ server: `127.0.0.1:${babbling.port}`, ...soon }),
    losingAnswers: providerWith({ server: lossy.server }),
    counted: { provider: providerWith({ server: counted.server }), requests: counted.requests },
    requestsFor300: REQUESTS_FOR_300,
    served: async (owner) => readDig(await dig('+noall', '+answer', owner, 'TLSA')),
    answers: (name, type) => dig('+short', name, type).then((text) => text.trim()),
    addForeign: async (owner, record, ttlSeconds) => {
      const input = `server ${address}\nadd ${owner}. ${ttlSeconds} TLSA ${formatTlsa(record)}\nsend\n`;
      await mustRun('nsupdate', ['-y', `${key.algorithm}:${key.name}:${key.secret}`], { input });
    },
    stop: async () => {
      counted.stop();
      lossy.stop();
      await Promise.all([silent.stop(), babbling.stop(), stop()]);
    },
  };
}

/** `_25._tcp.mx1.example.nl. 60 IN TLSA 3 1 1 ABCD... EF...`, a line a record. */
export function readDig(text: string): RecordSet {
  const lines = text.split('\n').filter((line) => line.includes('TLSA'));
  const ttls = new Set(lines.map((line) => Number(line.split(/\s+/)[1])));
  if (ttls.size > 1) throw new Error(`one RRset, several TTLs:\n${text}`);
  return { records: lines.map((line) => parseTlsa(line.replace(/^.*\sTLSA\s/, ''))), ttlSeconds: [...ttls][0] };
}

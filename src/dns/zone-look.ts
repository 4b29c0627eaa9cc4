/** What each address of a zone's servers shows of its copy of the zone: how new it is, how long it lasts, how long its signatures do. */
import type { ServedSignature } from '../core/signatures.ts';
import type { ServedCopy } from '../core/zone-copies.ts';
import type { Name } from '../core/name.ts';
import { askServer, type AskOptions } from './ask-server.ts';
import { RRType } from './constants.ts';
import { EDNS_DO } from './edns.ts';
import type { Message } from './message.ts';
import type { NameServer } from './name-server.ts';
import { rrset, ttlOfRRset } from './query.ts';
import { rrsigOf, serialOf, soaTimesOf } from './resource-record.ts';
import { largest, lastExpiry } from './servers.ts';

export interface ZoneLook {
  readonly copies: readonly ServedCopy[];
  readonly signatures: readonly ServedSignature[];
}

/** Two questions to each address; who does not answer with authority shows nothing. Never rejects but by the signal's reason. */
export async function lookAtZone(
  zone: Name,
  servers: readonly NameServer[],
  now: () => number,
  options: AskOptions = {},
): Promise<ZoneLook> {
  const looks = await Promise.all(
    servers.flatMap(({ name, addresses }) => addresses.map((address) => lookAt(zone, name, address, now, options))),
  );
  return {
    copies: looks.flatMap(({ copies }) => copies),
    signatures: looks.flatMap(({ signatures }) => signatures),
  };
}

async function lookAt(
  zone: Name,
  server: Name,
  address: string,
  now: () => number,
  options: AskOptions,
): Promise<ZoneLook> {
  const ask = async (type: 'SOA' | 'DNSKEY'): Promise<Answered | undefined> => {
    const edns = type === 'SOA' ? { ...EDNS_DO, expireSeconds: null } : EDNS_DO;
    const reply = await askServer(address, zone, type, { ...options, edns });
    return reply.kind === 'Authority' ? { message: reply.message, at: new Date(now()) } : undefined;
  };
  const [soa, keys] = await Promise.all([ask('SOA'), ask('DNSKEY')]);
  return {
    copies: soa === undefined ? [] : copyIn(soa, zone, server, address),
    signatures: [
      ...(soa === undefined ? [] : signatureIn(soa, zone, 'SOA', server)),
      ...(keys === undefined ? [] : signatureIn(keys, zone, 'DNSKEY', server)),
    ],
  };
}

interface Answered {
  readonly message: Message;
  readonly at: Date;
}

function copyIn({ message: { answers, edns }, at }: Answered, zone: Name, server: Name, address: string): ServedCopy[] {
  const [soa] = rrset(answers, zone, 'SOA');
  if (soa === undefined) return [];
  const left = edns?.expireSeconds ?? undefined;
  const expiresAt = left === undefined ? undefined : new Date(at.getTime() + left * 1000);
  return [{ server, address, at, serial: serialOf(soa), ...soaTimesOf(soa), expiresAt }];
}

function signatureIn(
  { message: { answers }, at }: Answered,
  zone: Name,
  type: 'SOA' | 'DNSKEY',
  server: Name,
): ServedSignature[] {
  const signatures = rrset(answers, zone, 'RRSIG')
    .map(rrsigOf)
    .filter(({ typeCovered }) => typeCovered === RRType[type]);
  const [expiresAt, validitySeconds] = [
    lastExpiry(signatures, at),
    largest(signatures.map((signature) => signature.validitySeconds)),
  ];
  if (expiresAt === undefined || validitySeconds === undefined) return [];
  return [
    {
      of: `${zone} ${type}`,
      server,
      expiresAt,
      validitySeconds,
      ttlSeconds: ttlOfRRset(rrset(answers, zone, type)) ?? 0,
    },
  ];
}

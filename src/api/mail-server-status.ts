/**
 * What a MailServer's status holds: the operator's whole memory, and what a person reads. Nothing in it changes while nothing happens. One
 * writer: every list but `conditions` is replaced as a whole.
 */
import { z } from 'zod';
import { conditions } from './condition.ts';
import type { DeepReadonly } from './object.ts';
import { atomicList, int32, int64, time } from './schema.ts';
import { dnsName, sha256 } from './texts.ts';

const MAX_RECORDS = 256;

/** Presentation form. A foreign record may hold a whole certificate. */
const record = () => z.string().max(16384);
const records = () => atomicList(record(), MAX_RECORDS);
const ttlSeconds = () => int32(0).describe('TTL of the whole RRset.');

const chain = z.object({
  spkiSHA256: sha256().describe("SHA-256 of the certificate's public key (SPKI): the data of its '3 1 1'."),
  caSPKISHA256s: atomicList(sha256(), 16).describe(
    "The same of every CA on the chain's verified path, from the issuer up: the data of its '2 1 1's.",
  ),
  unsentCASPKISHA256s: atomicList(sha256(), 16)
    .optional()
    .describe('The same of those CAs in the Secret that the server was seen not to send.'),
  keyAlgorithm: z.enum(['RSA', 'ECDSA', 'Ed25519', 'Ed448', 'Other']).describe('The kind of key.'),
  names: atomicList(z.string().max(253), 1024).describe('The DNS names that the certificate is for.'),
  notBefore: time().describe('The certificate is valid from here.'),
  notAfter: time().describe('The certificate is valid to here.'),
  state: z
    .enum(['Serving', 'Candidate', 'Former', 'Dropped', 'Compromised'])
    .describe(
      'Serving: the serving Secret holds it. Candidate: it waits to be released there. Former: the serving Secret held it, and a server may still present it. Dropped: a candidate that another replaced. Compromised: its key was stolen and it is replaced; its CAs have no record until it expires.',
    ),
  since: time().describe('When it entered this state.'),
  notSeenSince: time()
    .optional()
    .describe('Former: since when no endpoint has presented it. Dropped: since when that is taken for granted.'),
});

const certificate = z.object({
  secretName: z.string().max(253).describe('The Secret.'),
  mode: z
    .enum(['Observe', 'Promote', 'Gate'])
    .describe(
      'Observe: the Secret changes first and the records follow. Promote: the records change first, then the operator writes servingSecretName. Gate: the records change first, then cert-manager gets the certificate.',
    ),
  chains: atomicList(chain, 64).describe('The chains of this Secret that may be met at an endpoint.'),
  candidate: z
    .object({
      requestName: z.string().max(253).optional().describe('Gate: the CertificateRequest that waits for it.'),
      stage: z.enum(['Publishing', 'Waiting', 'Withheld', 'Open', 'Released']).describe('How far its release is.'),
      reason: z.string().max(128).describe('Why it is not further.'),
      gateOpensAt: time().optional().describe('When no sender can hold records that refuse it.'),
    })
    .optional()
    .describe('The certificate that waits to be released.'),
  nextRenewal: time()
    .optional()
    .describe('When cert-manager will renew it, as its Certificate says; absent where none fills secretName.'),
  renewalBegan: time().optional().describe('When the first certificate came that waits to be released.'),
  servingMissingSince: time()
    .optional()
    .describe('Since when servingSecretName is missing, and no endpoint presents what the records accept.'),
});

const intent = z.object({
  add: records().describe('To be added.'),
  remove: records().describe('To be removed.'),
  ttlSeconds: ttlSeconds(),
  since: time().describe('When it was decided.'),
});

const version = z.object({
  n: int64(1).describe('Its place in the order of writes.'),
  kind: z
    .enum(['Written', 'Unconfirmed', 'Unknown'])
    .describe(
      'Written by us; Unconfirmed: sent, and the answer was lost; Unknown: found, or anything may have been there.',
    ),
  records: records().describe('The whole RRset.'),
  ttlSeconds: ttlSeconds(),
  waitSeconds: int32(0).optional().describe('Unknown: how long it counts once every name server answers a later one.'),
  mergedValues: atomicList(z.string().max(8), 32)
    .optional()
    .describe(
      'Unknown: the RRsets that were merged into it for want of room, each as the first 8 digits of a SHA-256. *: too many, it may be any.',
    ),
  serial: int64(0).optional().describe("The zone's SOA serial at the primary once it held this."),
  changeID: z.string().max(128).optional().describe('What the provider calls this change, where it does.'),
  writtenAt: time().describe('When it was written or first seen.'),
  supersededAt: time().optional().describe('When every authoritative name server had answered a later one.'),
  rrsigExpiry: time().optional().describe('No signature over it lasts longer.'),
});

const recordSet = z.object({
  owner: dnsName().describe('Where the records stand, as in _25._tcp.mx1.example.nl.'),
  provider: z.string().max(320).describe('Through which it was written, as in DNSProvider/bind.'),
  zone: dnsName().describe('The zone that holds it.'),
  ttlSeconds: ttlSeconds(),
  records: atomicList(
    z.object({
      data: record().describe('The record, as in 3 1 1 and 64 hexadecimal digits.'),
      role: z
        .enum(['Serving', 'Next', 'Former', 'TrustAnchor', 'Announced', 'Foreign'])
        .describe('What it is there for. Foreign: not ours, and left alone.'),
      notNeededSince: time()
        .optional()
        .describe('Foreign, with adoption: Adopt: since when no endpoint needed it. It goes retireAfter later.'),
    }),
    MAX_RECORDS,
  ).describe('The RRset, each record with what it is there for.'),
  intent: intent.optional().describe('A change that is being made: it is recorded here before anything is sent.'),
  versions: atomicList(version, 8).describe("What senders' caches may still hold, oldest first."),
  handedTo: z
    .string()
    .max(320)
    .optional()
    .describe(
      'The MailServer (namespace/name) that gets this owner: nothing is changed here until that one has taken the history over.',
    ),
  goneNameServers: atomicList(
    z.object({
      name: dnsName().describe('Its name.'),
      until: time().describe('Until when resolvers may still ask it.'),
    }),
    32,
  )
    .optional()
    .describe("Name servers that left the zone's NS records while a change was on its way."),
});

const failingEndpoint = z.object({
  hostname: dnsName().describe('The MX host.'),
  address: z.string().max(64).describe('One of its addresses.'),
  port: int32(1, 65535).describe('The port.'),
  keyAlgorithm: z.string().max(64).describe('The kind of key that was asked for.'),
  spkiSHA256: sha256().optional().describe('SHA-256 of the public key (SPKI) that it presents.'),
  error: z.string().max(1024).optional().describe('Why no certificate was seen.'),
  since: time().describe('Since when it fails.'),
});

const endpoints = z.object({
  total: int32(0).describe('Host, address, port and kind of key: how many were looked at.'),
  matching: int32(0).describe('How many present a certificate that the records accept.'),
  failing: atomicList(failingEndpoint, 64).describe('The others.'),
});

const rollover = z.object({
  step: z
    .enum([
      'Idle',
      'Issuing',
      'Publishing',
      'WaitingForServers',
      'WaitingForCaches',
      'Releasing',
      'Proving',
      'Retiring',
      'Withheld',
    ])
    .describe('What is going on.'),
  until: time().optional().describe('When it will go on.'),
  reason: z.string().max(1024).describe('Why.'),
});

export const mailServerStatus = z.object({
  observedGeneration: int64(-1).describe('The generation of the spec that this status is about; -1 before the first.'),
  lastHandledReconcileAt: z
    .string()
    .max(256)
    .optional()
    .describe('The value of annotation reconcile.fluxcd.io/requestedAt that was last acted on.'),
  conditions: conditions(),
  certificates: atomicList(certificate, 32)
    .optional()
    .describe('The chains that may be met at an endpoint, by Secret.'),
  recordSets: atomicList(recordSet, 64).optional().describe('The records, by owner name.'),
  endpoints: endpoints.optional().describe('What the servers present, as last seen.'),
  rollover: rollover.optional().describe('A summary for people.'),
  safeToStopAt: time()
    .optional()
    .describe('Withdrawn: from here on no sender demands the certificate any more, and the server may stop.'),
});
export type MailServerStatus = DeepReadonly<z.output<typeof mailServerStatus>>;

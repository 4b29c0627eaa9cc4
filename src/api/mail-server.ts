/** MailServer: the TLSA records of one mail server's hosts follow its certificates. */
import { z } from 'zod';
import { duration } from './duration.ts';
import type { MailServerStatus } from './mail-server-status.ts';
import type { API_VERSION, DeepReadonly, NamespacedMeta } from './object.ts';
import { cel, int32, mapBy, setOf } from './schema.ts';
import { hostname, objectName, serviceName, sha256Digits } from './texts.ts';

/** The protocol follows the port: SMTP, submission(s), IMAP(S), POP3(S). */
export const PORTS = [25, 465, 587, 993, 995, 143, 110] as const;
export type MailPort = (typeof PORTS)[number];

/** One status must hold the records of every owner, and one pass probe them all. */
const MAX_OWNERS = 32;

const certificate = z
  .object({
    secretName: objectName('Secret').describe(
      'The Secret of type kubernetes.io/tls that the mail server mounts, unless servingSecretName is set.',
    ),
    servingSecretName: objectName('Secret')
      .optional()
      .describe(
        'Promote: the Secret that the mail server mounts instead. Only the operator writes it: a new certificate in secretName is copied there once no sender can hold records that refuse it. The source needs the annotation tlsa-operator.io/promote-to.',
      ),
  })
  .meta(
    cel({
      rule: '!has(self.servingSecretName) || self.servingSecretName != self.secretName',
      message:
        'servingSecretName is another Secret than secretName: cert-manager writes secretName, the mail server mounts servingSecretName',
    }),
  );

const announcedCA = z
  .object({
    name: objectName('CA').describe('A name of your choice.'),
    certificate: z.string().max(16384).optional().describe("The CA's certificate, PEM."),
    spkiSHA256: sha256Digits().optional().describe("SHA-256 of the CA's public key (SPKI)."),
  })
  .meta(
    cel({
      rule: 'has(self.certificate) != has(self.spkiSHA256)',
      message: 'give either certificate (PEM) or spkiSHA256 (64 lower-case hexadecimal digits)',
    }),
  );

const providerRef = z.object({
  kind: z
    .enum(['DNSProvider', 'ClusterDNSProvider'])
    .default('DNSProvider')
    .describe(
      'A DNSProvider of this namespace, or a ClusterDNSProvider, which must allow this namespace and hostname.',
    ),
  name: objectName('DNSProvider or ClusterDNSProvider').describe('Its name.'),
});

const rollover = z.object({
  waitTTLs: int32(1, 10)
    .default(2)
    .describe(
      'Earlier records count as forgotten so many TTLs after every name server has answered later ones (RFC 7671 §8.1: 2).',
    ),
  retireAfter: duration('1m', '720h')
    .default('24h')
    .describe('A former certificate keeps its records until no endpoint has presented it for this long.'),
  deadlineBeforeExpiry: duration('1h', '720h')
    .default('72h')
    .describe(
      'Promote: so long before the served certificate expires (or after half of the time that was left when the renewal began) a new one is withheld no longer than onDeadline says.',
    ),
  onDeadline: z
    .enum(['Release', 'Hold'])
    .default('Release')
    .describe(
      'Release: at the deadline, one matching record in what every reachable name server answers is enough. Hold: go on withholding.',
    ),
});

const verification = z.object({
  dnssec: z
    .enum(['Require', 'Warn', 'Ignore'])
    .default('Require')
    .describe(
      'Whether the host must be DNSSEC secure before records are first published: without DNSSEC senders ignore them. Records that stand are maintained in any case.',
    ),
  probe: z
    .enum(['Enabled', 'Disabled'])
    .default('Enabled')
    .describe(
      'Whether the certificates that the servers present are looked at, over the network, before records are first published and from then on. Disabled: the Secret is believed.',
    ),
  serviceRef: z
    .object({ name: serviceName().describe('Its name, in this namespace.') })
    .optional()
    .describe(
      'A Service that leads to the mail servers: its ready endpoints are looked at too, through its ports of the same numbers as those of the records. Where no address of a host can be connected to from inside the cluster, they count for all.',
    ),
  interval: duration('1m', '24h').default('1h').describe('How often the servers are looked at while nothing changes.'),
});

export const mailServerSpec = z
  .object({
    hostnames: setOf(hostname(), 1, 16).describe(
      'The hosts that MX records name (never the mail domain). Each presents every certificate listed here.',
    ),
    ports: setOf(z.literal(PORTS), 1, PORTS.length)
      .default([25])
      .describe(
        'The ports with TLS; the protocol follows the port: 25 and 587 SMTP, 465 SMTPS, 143 IMAP, 993 IMAPS, 110 POP3, 995 POP3S.',
      ),
    certificates: mapBy('secretName', certificate, 1, 4)
      .meta(
        cel({
          rule: 'self.all(a, !has(a.servingSecretName) || self.exists_one(b, b.secretName == a.servingSecretName || (has(b.servingSecretName) && b.servingSecretName == a.servingSecretName)))',
          message: 'a servingSecretName stands once, and is no secretName of this list',
        }),
      )
      .describe(
        'All certificates that every one of the hosts may present: one, or an RSA and an ECDSA one side by side. Certificates that are chosen by name (SNI) need a MailServer each.',
      ),
    providerRef: providerRef.describe('Who publishes the records.'),
    ttlSeconds: int32(60, 86400)
      .default(3600)
      .describe('TTL of the records, which is also how long a change takes to be safe. 1800 to 3600 is recommended.'),
    records: setOf(z.enum(['3 1 1', '2 1 1']), 1, 2)
      .default(['3 1 1', '2 1 1'])
      .meta(
        cel({
          rule: "'3 1 1' in self",
          message: "'3 1 1' (the certificate's own key) is always published: write ['3 1 1'] or ['3 1 1', '2 1 1']",
        }),
      )
      .describe(
        "What is published for each certificate: '3 1 1' for its key, '2 1 1' for the keys of the CAs in its chain. A '2 1 1' that could not match is left out.",
      ),
    announcedCAs: mapBy('name', announcedCA, 0, 8)
      .default([])
      .describe(
        "CAs that will issue the next certificates: their '2 1 1' is published now. When condition CASwitchSafe is True, no sender holds records without them.",
      ),
    compromisedKeys: setOf(sha256Digits(), 0, 16)
      .default([])
      .describe(
        "Stolen keys, by SHA-256 of their public key (SPKI). Their '3 1 1' goes as soon as every endpoint presents another certificate, and so does a '2 1 1' that would vouch for a certificate of such a key, until that has expired. A new certificate with such a key is not published.",
      ),
    publish: z.boolean().default(true).describe('False withdraws the records and keeps this object.'),
    adoption: z
      .enum(['Keep', 'Adopt'])
      .default('Keep')
      .describe(
        'TLSA records that are found and are not ours: Keep leaves them as they are, Adopt makes them ours, so that those that are no longer needed go.',
      ),
    deletion: z
      .enum(['Withdraw', 'Retain'])
      .default('Withdraw')
      .describe('What becomes of the records when this object is deleted.'),
    suspend: z
      .boolean()
      .default(false)
      .describe('True changes nothing in the DNS; status still shows what would be done.'),
    rollover: rollover.prefault({}).describe('How a new certificate takes over.'),
    verification: verification.prefault({}).describe('What is checked, and how often.'),
  })
  .meta(
    cel({
      rule: `self.hostnames.size() * self.ports.size() <= ${MAX_OWNERS}`,
      message: `hostnames x ports is more than ${MAX_OWNERS}: spread them over several MailServers`,
    }),
  );
export type MailServerSpec = DeepReadonly<z.output<typeof mailServerSpec>>;

/** As the API server gives it, its defaults filled in. */
export interface MailServer {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'MailServer';
  readonly metadata: NamespacedMeta;
  readonly spec: MailServerSpec;
  readonly status: MailServerStatus;
}

import type { Reasons } from './reason.ts';

export const PROVIDER = {
  ProviderNotFound: {
    kind: 'Transient',
    meaning: 'There is no such DNSProvider or ClusterDNSProvider.',
    remedy:
      'Create it, or correct `providerRef`. Mind `kind`: the default is `DNSProvider`. An operator with `--watch-namespaces` uses no ClusterDNSProviders.',
  },
  ProviderNotReady: {
    kind: 'Transient',
    meaning: 'The provider has not been looked at yet.',
    remedy: 'Wait a few seconds.',
  },
  ProviderNotSupported: {
    kind: 'Stalled',
    meaning: 'The CRD is newer than the operator: it has a provider that this version does not know.',
    remedy: 'Install the operator that belongs to the CRDs.',
  },
  CredentialNotFound: {
    kind: 'Both',
    meaning: 'The Secret with the credential is missing (retried), or lacks a key (waits).',
    remedy: "Create it, in the namespace of the DNSProvider, for a ClusterDNSProvider in the operator's.",
  },
  InvalidTSIGSecret: {
    kind: 'Stalled',
    meaning: 'The value is not base64.',
    remedy: "Copy the text behind `secret` from the name server's key statement.",
  },
  InvalidServerAddress: {
    kind: 'Stalled',
    meaning: '`server` is not a host with or without a port.',
    remedy: 'Write it as in `ns1.example.nl:53`.',
  },
  InvalidName: {
    kind: 'Stalled',
    meaning: 'A zone, a key name or an owner is not a name that the DNS can hold.',
    remedy: 'Correct it. With `_25._tcp.` in front, a long hostname may be too long.',
  },
  BadKey: {
    kind: 'Stalled',
    meaning: 'The server does not know the key (BADKEY), or does not accept it and does not say why (PowerDNS).',
    remedy: 'Compare its name, algorithm and secret on both sides; PowerDNS: the clocks too.',
  },
  BadSignature: {
    kind: 'Stalled',
    meaning: 'The server has another secret for the key (BADSIG).',
    remedy: 'Compare the secret on both sides. A corrected Secret is noticed within five minutes.',
  },
  BadTime: {
    kind: 'Transient',
    meaning: "The server's clock and ours are more than 300 seconds apart (BADTIME; AWS: RequestExpired).",
    remedy: 'NTP on both.',
  },
  TSIGAnswerInvalid: {
    kind: 'Transient',
    meaning: 'The signature of the answer does not fit the key.',
    remedy: 'Compare secret and algorithm on both sides, and the clocks.',
  },
  TSIGAnswerUnsigned: {
    kind: 'Stalled',
    meaning: 'The answer has no signature.',
    remedy: 'Let the server accept the key. Look for something in between that rewrites DNS.',
  },
  PrimaryRefused: {
    kind: 'Stalled',
    meaning: 'The server refused the question or the change. Knot: a provider without `zones` always.',
    remedy:
      'Let the key query the zone and change TLSA records there ([how](dnsprovider.md#what-the-name-server-must-allow)). Knot: list the `zones`.',
  },
  PrimaryNotAuthoritative: {
    kind: 'Stalled',
    meaning: 'The server does not answer for this name with authority, or not to this key (NOTAUTH).',
    remedy: 'Name the primary server of the zone.',
  },
  OwnerOutsideZone: {
    kind: 'Stalled',
    meaning:
      'The name does not belong to the zone: the server says so (NOTZONE), or a delegation (NS) above it leads to other name servers.',
    remedy: 'Use a provider that has the zone it is in.',
  },
  PrimaryNotImplemented: {
    kind: 'Stalled',
    meaning: 'The server does not do dynamic updates (NOTIMP).',
    remedy: 'Turn them on.',
  },
  PrimaryFormatError: {
    kind: 'Stalled',
    meaning: 'The server does not understand the request (FORMERR).',
    remedy: 'Does it know TSIG, EDNS and RFC 2136?',
  },
  PrimaryServerFailure: {
    kind: 'Transient',
    meaning: 'The server failed (SERVFAIL).',
    remedy: 'Its log says why: a journal that it cannot write, an expired zone.',
  },
  PrimaryTimeout: {
    kind: 'Transient',
    meaning: 'No answer within ten seconds.',
    remedy: 'Firewalls and network policies: UDP and TCP.',
  },
  PrimaryUnreachable: {
    kind: 'Transient',
    meaning: 'The server cannot be reached, or ended the connection.',
    remedy: 'Does it listen there, on UDP and TCP?',
  },
  PrimaryAddressUnknown: {
    kind: 'Transient',
    meaning: 'The name in `server` has no address here.',
    remedy: 'Correct it, or write the address.',
  },
  PrimaryAddressRefused: {
    kind: 'Stalled',
    meaning: '`server` leads to a loopback, link-local or metadata address.',
    remedy: 'Only a ClusterDNSProvider may name such a server.',
  },
  PrimaryAnswerMalformed: {
    kind: 'Transient',
    meaning: 'What came back is not a DNS answer to the request.',
    remedy: 'Right host and port?',
  },
  PrimaryUnexpectedAnswer: {
    kind: 'Transient',
    meaning: 'An error that has no meaning here.',
    remedy: 'Its log may say why.',
  },
  APITimeout: {
    kind: 'Transient',
    meaning: "The provider's API did not answer within ten seconds.",
    remedy: 'Firewalls, network policies, proxies: HTTPS to it.',
  },
  APIUnreachable: {
    kind: 'Transient',
    meaning: "The provider's API cannot be reached, or ended the connection.",
    remedy: 'Firewalls, network policies, proxies; for an own server: does it listen there?',
  },
  APIAddressUnknown: {
    kind: 'Transient',
    meaning: "The host of the provider's API has no address here.",
    remedy: 'Does the resolver of the pod answer? Is the name right?',
  },
  APIAddressRefused: {
    kind: 'Stalled',
    meaning: "The host of the provider's API leads to a loopback, link-local or metadata address.",
    remedy: 'Only a ClusterDNSProvider may name such a server.',
  },
  APICertificateNotTrusted: {
    kind: 'Stalled',
    meaning: "The TLS certificate of the provider's API is not trusted, has expired, or is for another name.",
    remedy: 'Correct it there; an own CA goes into `caBundle`.',
  },
  APIAnswerMalformed: {
    kind: 'Transient',
    meaning: "What came back is not an answer of the provider's API. Redirects are not followed.",
    remedy: 'Right URL? Is there a proxy in between?',
  },
  APIThrottled: {
    kind: 'Transient',
    meaning:
      'Too many requests for the account, or an earlier change of the zone is still being made. Tried again with longer and longer pauses.',
    remedy: 'Lower `requestsPerSecond`. See who else uses the account.',
  },
  APIUnavailable: {
    kind: 'Transient',
    meaning: "The provider's API has a failure of its own (HTTP 5xx).",
    remedy: "The provider's status page; for an own server: its log.",
  },
  APIUnexpectedAnswer: {
    kind: 'Transient',
    meaning: "The provider's API answered with an error that has no meaning here.",
    remedy: "The provider's audit log (AWS: CloudTrail) has its words.",
  },
  IdentityNotFound: {
    kind: 'Transient',
    meaning:
      'There is no identity to use: no key was named, and the pod has none (IRSA, EKS pod identity), or may not assume the role.',
    remedy: 'Annotate the ServiceAccount, or name a Secret with a key.',
  },
  CredentialRefused: {
    kind: 'Stalled',
    meaning: 'The provider does not accept the key or token: unknown, disabled, or the secret does not fit.',
    remedy: 'Compare it. A corrected Secret is noticed within five minutes.',
  },
  CredentialExpired: {
    kind: 'Transient',
    meaning: 'The credential has expired.',
    remedy: 'A new one; those of an identity are renewed by themselves.',
  },
  AccessDenied: {
    kind: 'Stalled',
    meaning: 'The credential is good, but not allowed to do this.',
    remedy:
      'Route 53: compare with the [IAM policy](dnsprovider.md#what-iam-must-allow). PowerDNS: `webserver-allow-from`, or what stands in front.',
  },
  ZoneNotAtProvider: {
    kind: 'Stalled',
    meaning:
      'The provider has no such zone (any more): one that is listed in `zones` or `hostedZoneIDs`, or that was used before.',
    remedy: 'Correct the list, or the account.',
  },
  ZoneIsPrivate: {
    kind: 'Stalled',
    meaning: 'A hosted zone that is listed in `hostedZoneIDs` is a private one: no sender can see it.',
    remedy: 'List the public one.',
  },
  ZoneAmbiguous: {
    kind: 'Stalled',
    meaning: 'The account has several public hosted zones of this name, and the world asks one of them only.',
    remedy: 'List the one that the parent zone delegates to in `hostedZoneIDs`.',
  },
  RoutingPolicyInTheWay: {
    kind: 'Stalled',
    meaning: 'The TLSA records there are an alias, or have a routing policy (weighted, latency, failover and so on).',
    remedy: 'Make a simple record set of them, or remove them.',
  },
  ChangeRefused: {
    kind: 'Stalled',
    meaning: 'The provider refuses the records themselves.',
    remedy: 'Look for records of others there that are no valid TLSA.',
  },
  RecordSetTooLarge: {
    kind: 'Stalled',
    meaning:
      'The TLSA records at this owner do not fit into one request (64 KiB in a DNS message; Route 53: 32,000 characters, old and new ones together).',
    remedy: 'Remove those that carry whole certificates (matching type 0).',
  },
  ChangeNotVisible: {
    kind: 'Transient',
    meaning: 'The server accepted the change and answers as before. PowerDNS: its update policy may forbid it.',
    remedy:
      'Does it answer the operator from another view, or from another zone? PowerDNS: its log says `Not permitted by policy`.',
  },
  OutcomeUnknown: {
    kind: 'Transient',
    meaning:
      'An update whose answer was lost may still be carried out. What would take it back, as a withdrawal does, waits a minute for it.',
    remedy: 'Nothing.',
  },
  Aborted: {
    kind: 'Transient',
    meaning: 'The operator was ending.',
    remedy: 'Nothing.',
  },
} as const satisfies Reasons;

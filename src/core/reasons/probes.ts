import type { Reasons } from './reason.ts';

export const PROBES = {
  UnknownChainServed: {
    kind: 'Transient',
    meaning: 'An endpoint presents a certificate that is in none of the Secrets. Mail may be refused there.',
    remedy:
      'Let the server load the right certificate, or name its Secret. [Runbook](operations.md#the-wrong-certificate-is-served).',
  },
  RecordsDoNotMatch: {
    kind: 'Transient',
    meaning:
      'An endpoint presents the certificate of a Secret, and the records in the DNS do not accept it. **Mail may be refused.**',
    remedy:
      'Why are the records not published? Look at `RecordsPublished`. Is a foreign record in the way (`adoption`)?',
  },
  ProbeUnavailable: {
    kind: 'Transient',
    meaning:
      'No TCP connection to any address, of any host; a blocked port 25 and a server that is down look alike from here. The message says why, for each.',
    remedy:
      'Start the server, or open the way. Does the network not lead from inside to its own public addresses? Set [`serviceRef`](mailserver.md#serviceref). Or `probe: Disabled`.',
  },
  AddressDenied: {
    kind: 'State',
    meaning: 'In the message of `ProbeUnavailable`: the address is in a range of `--probe-deny-cidr`.',
    remedy: 'Is this the address that senders see?',
  },
  NetworkUnreachable: {
    kind: 'Transient',
    meaning: 'In the same place: no route leads to the address, for example IPv6 from an IPv4 cluster.',
    remedy: 'Nothing, if another address can be reached.',
  },
  TooManyAddresses: {
    kind: 'Stalled',
    meaning: 'The host has more than 16 addresses, or the Service of `serviceRef` more than 32 ready endpoints.',
    remedy: 'Reduce them, or `probe: Disabled`.',
  },
  ServiceNotFound: {
    kind: 'Transient',
    meaning: 'There is no Service of the name in `verification.serviceRef` in the namespace of the MailServer.',
    remedy: 'Create it, or correct the name, or leave `serviceRef` out.',
  },
  ServiceHasNoPort: {
    kind: 'Transient',
    meaning: 'The Service of `serviceRef` has no TCP port of the number in `ports`.',
    remedy:
      "Add it to the Service: its `port` must be the record's; `targetPort` may be any. A port that another Service serves belongs into a MailServer of its own.",
  },
  KeyAlgorithmNotProbed: {
    kind: 'Stalled',
    meaning: 'All certificates have keys that are not probed (Ed25519, Ed448).',
    remedy: 'Use RSA or ECDSA, or `probe: Disabled`.',
  },
  ConnectionRefused: {
    kind: 'Transient',
    meaning: 'No server listens there.',
    remedy:
      'Start it; check the address records. If it is reached from outside only, set [`serviceRef`](mailserver.md#serviceref).',
  },
  ConnectionTimeout: {
    kind: 'Transient',
    meaning: 'No connection within ten seconds.',
    remedy:
      'Is the port open from the cluster to this address? Many networks block port 25; many do not lead back to their own public addresses: set [`serviceRef`](mailserver.md#serviceref).',
  },
  HostUnreachable: {
    kind: 'Transient',
    meaning: 'The network says that the host cannot be reached, or forbids it.',
    remedy: 'Firewall, network policy.',
  },
  ConnectionClosed: {
    kind: 'Transient',
    meaning: 'The server closed the connection before the TLS handshake.',
    remedy: 'Its log. Does it limit connections?',
  },
  GreetingRejected: {
    kind: 'Transient',
    meaning: 'The server refused the session.',
    remedy: "Its log. Does it block the cluster's address?",
  },
  STARTTLSNotOffered: {
    kind: 'Transient',
    meaning: 'The server does not offer STARTTLS (POP3: STLS).',
    remedy: 'Turn it on.',
  },
  STARTTLSRefused: {
    kind: 'Transient',
    meaning: 'It offers STARTTLS and then refuses.',
    remedy: 'Its log: often a key that does not fit the certificate.',
  },
  ProtocolError: {
    kind: 'Transient',
    meaning: 'What it sent is not the protocol that belongs to the port, or more than allowed.',
    remedy: 'Is it a mail server? Is a proxy in between?',
  },
  TLSHandshakeFailed: {
    kind: 'Transient',
    meaning: 'The handshake failed.',
    remedy: 'TLS 1.2 or newer is needed.',
  },
  KeyAlgorithmNotPresented: {
    kind: 'Transient',
    meaning: 'It has a certificate, but none with this kind of key.',
    remedy: 'Load both certificates (RSA and ECDSA), or list only the one that is served.',
  },
  Timeout: {
    kind: 'Transient',
    meaning: 'The server did not finish within ten seconds.',
    remedy: 'Its log.',
  },
} as const satisfies Reasons;

/** Objects that break one rule of the CRDs each, with what the API server must say of them; and objects that are right. */

export type Fields = Readonly<Record<string, unknown>>;

export const mailServer = (spec: Fields): Fields => ({
  apiVersion: 'tlsa-operator.io/v1alpha1',
  kind: 'MailServer',
  spec: {
    hostnames: ['mx1.example.nl'],
    certificates: [{ secretName: 'tls' }],
    providerRef: { name: 'bind' },
    ...spec,
  },
});
const rfc2136 = (fields: Fields = {}): Fields => ({
  rfc2136: {
    server: 'ns1.example.nl',
    tsigKeyName: 'tlsa-operator',
    tsigSecretRef: { name: 'tsig', key: 'secret' },
    ...fields,
  },
});
const dnsProvider = (spec: Fields): Fields => ({
  apiVersion: 'tlsa-operator.io/v1alpha1',
  kind: 'DNSProvider',
  spec,
});
const clusterDnsProvider = (spec: Fields): Fields => ({
  apiVersion: 'tlsa-operator.io/v1alpha1',
  kind: 'ClusterDNSProvider',
  spec: { ...rfc2136(), ...spec },
});
const route53 = (fields: Fields = {}): Fields => ({ route53: { accessKeySecretRef: { name: 'aws' }, ...fields } });
const powerdns = (fields: Fields): Fields =>
  dnsProvider({
    powerdns: { url: 'https://ns1.example.nl:8081', apiKeySecretRef: { name: 'pdns', key: 'key' }, ...fields },
  });
const route53OfCluster = (fields: Fields): Fields =>
  clusterDnsProvider({ rfc2136: undefined, route53: fields, allow: [] });
const daneIssuer = (issuerRef: Fields, kind = 'DaneIssuer'): Fields => ({
  apiVersion: 'tlsa-operator.io/v1alpha1',
  kind,
  spec: { issuerRef },
});
const clusterDaneIssuer = (issuerRef: Fields): Fields => daneIssuer(issuerRef, 'ClusterDaneIssuer');
const allow = (entry: Fields): Fields =>
  clusterDnsProvider({ allow: [{ namespaceSelector: {}, hostnames: ['mx1.example.nl'], ...entry }] });

const hosts = (count: number) => Array.from({ length: count }, (_, index) => `mx${index}.example.nl`);
const longName = (length: number) => `${'a.'.repeat(100)}${'b'.repeat(length - 203)}.nl`;

const HOSTNAME =
  'write the full name of one MX host in lower case and without a final dot, as in mx1.example.nl: no wildcard, no IP address; an internationalized name as A-labels (xn--...)';
const PATTERN =
  'write the name of one host (mx1.example.nl) or of all below a name (*.example.nl), in lower case and without a final dot';
const OBJECT_NAME = 'lower-case letters, digits, hyphens and dots, beginning and ending with a letter or digit';
const durationFrom = (min: string, max: string) =>
  `write a duration from ${min} to ${max} in h, m, s and ms, as in 24h or 1h30m`;
const SERVER =
  'write host or host:port, as in ns1.example.nl, 192.0.2.53:5353 or [2001:db8::53]:53 (an IPv6 address stands in brackets)';
const ZONE = 'write the name of a zone in lower case and without a final dot, as in example.nl';
const KEY_NAME = 'write the name of the TSIG key as the name server has it: a DNS name, as in tlsa-operator';
const SELECTOR = 'In and NotIn need values; Exists and DoesNotExist take none';

const DIGEST = 'write a SHA-256 as 64 lower-case hexadecimal digits';
const sha256 = 'ab'.repeat(32);

/** Object, field, and what the API server says of it. */
export const refused: readonly (readonly [Fields, string, string])[] = [
  [
    mailServer({ certificates: [{ secretName: 'tls', servingSecretName: 'tls' }] }),
    'spec.certificates[0]',
    'servingSecretName is another Secret than secretName',
  ],
  [
    mailServer({
      certificates: [
        { secretName: 'a', servingSecretName: 'live' },
        { secretName: 'b', servingSecretName: 'live' },
      ],
    }),
    'spec.certificates',
    'a servingSecretName stands once, and is no secretName of this list',
  ],
  [
    mailServer({ certificates: [{ secretName: 'a', servingSecretName: 'b' }, { secretName: 'b' }] }),
    'spec.certificates',
    'a servingSecretName stands once, and is no secretName of this list',
  ],
  [
    mailServer({ announcedCAs: [{ name: 'next' }] }),
    'spec.announcedCAs[0]',
    'give either certificate (PEM) or spkiSHA256',
  ],
  [
    mailServer({ announcedCAs: [{ name: 'next', certificate: 'PEM', spkiSHA256: sha256 }] }),
    'spec.announcedCAs[0]',
    'give either certificate (PEM) or spkiSHA256',
  ],
  [
    mailServer({ announcedCAs: [{ name: 'next', spkiSHA256: 'AB'.repeat(32) }] }),
    'spec.announcedCAs[0].spkiSHA256',
    DIGEST,
  ],
  [mailServer({ compromisedKeys: ['ab'] }), 'spec.compromisedKeys[0]', DIGEST],
  [mailServer({ rollover: { waitTTLs: 0 } }), 'spec.rollover.waitTTLs', 'should be greater than or equal to 1'],
  [mailServer({ rollover: { onDeadline: 'Wait' } }), 'spec.rollover.onDeadline', 'Unsupported value'],
  ...[
    'MX1.example.nl',
    '*.example.nl',
    'mx1.example.nl.',
    'mx1',
    '192.0.2.1',
    'mx_1.example.nl',
    '-mx.example.nl',
    'mx1..example.nl',
    'bücher.example',
    `${'a'.repeat(64)}.nl`,
    '',
  ].map((name) => [mailServer({ hostnames: [name] }), 'spec.hostnames[0]', HOSTNAME] as const),
  [mailServer({ hostnames: [longName(244)] }), 'spec.hostnames[0]', 'may not be more than 243 bytes'],
  [mailServer({ hostnames: [] }), 'spec.hostnames', 'should have at least 1 items'],
  [mailServer({ hostnames: hosts(17) }), 'spec.hostnames', 'must have at most 16 items'],
  [mailServer({ hostnames: ['mx1.example.nl', 'mx1.example.nl'] }), 'spec.hostnames[1]', 'Duplicate value'],
  [mailServer({ hostnames: undefined }), 'spec.hostnames', 'Required value'],
  [
    mailServer({ hostnames: hosts(11), ports: [25, 465, 587] }),
    'spec',
    'hostnames x ports is more than 32: spread them over several MailServers',
  ],
  [mailServer({ ports: [26] }), 'spec.ports[0]', 'supported values: "25", "465", "587", "993", "995", "143", "110"'],
  [mailServer({ ports: [] }), 'spec.ports', 'should have at least 1 items'],
  [mailServer({ ports: [25, 25] }), 'spec.ports[1]', 'Duplicate value'],
  [mailServer({ certificates: [] }), 'spec.certificates', 'should have at least 1 items'],
  [mailServer({ certificates: undefined }), 'spec.certificates', 'Required value'],
  [mailServer({ certificates: [{}] }), 'spec.certificates[0].secretName', 'Required value'],
  [
    mailServer({ certificates: [1, 2, 3, 4, 5].map((n) => ({ secretName: `tls-${n}` })) }),
    'spec.certificates',
    'must have at most 4 items',
  ],
  [
    mailServer({ certificates: [{ secretName: 'tls' }, { secretName: 'tls' }] }),
    'spec.certificates[1]',
    'Duplicate value',
  ],
  ...['TLS', 'mx_tls', '-tls', 'tls.', 'mail/tls', ''].map(
    (secretName) =>
      [
        mailServer({ certificates: [{ secretName }] }),
        'spec.certificates[0].secretName',
        `write the name of a Secret: ${OBJECT_NAME}`,
      ] as const,
  ),
  [
    mailServer({ certificates: [{ secretName: 'a'.repeat(254) }] }),
    'spec.certificates[0].secretName',
    'may not be more than 253 bytes',
  ],
  [mailServer({ providerRef: undefined }), 'spec.providerRef', 'Required value'],
  [mailServer({ providerRef: {} }), 'spec.providerRef.name', 'Required value'],
  [
    mailServer({ providerRef: { name: 'Bind' } }),
    'spec.providerRef.name',
    `write the name of a DNSProvider or ClusterDNSProvider: ${OBJECT_NAME}`,
  ],
  [
    mailServer({ providerRef: { kind: 'Provider', name: 'bind' } }),
    'spec.providerRef.kind',
    'supported values: "DNSProvider", "ClusterDNSProvider"',
  ],
  [mailServer({ ttlSeconds: 59 }), 'spec.ttlSeconds', 'should be greater than or equal to 60'],
  [mailServer({ ttlSeconds: 86401 }), 'spec.ttlSeconds', 'should be less than or equal to 86400'],
  [
    mailServer({ records: ['2 1 1'] }),
    'spec.records',
    "'3 1 1' (the certificate's own key) is always published: write ['3 1 1'] or ['3 1 1', '2 1 1']",
  ],
  [mailServer({ records: ['3 1 1', '3 0 1'] }), 'spec.records[1]', 'supported values: "3 1 1", "2 1 1"'],
  [mailServer({ records: ['3 1 1', '3 1 1'] }), 'spec.records[1]', 'Duplicate value'],
  [mailServer({ adoption: 'Take' }), 'spec.adoption', 'supported values: "Keep", "Adopt"'],
  [mailServer({ deletion: 'Drop' }), 'spec.deletion', 'supported values: "Withdraw", "Retain"'],
  ...['59s', '720h1s', '1d', '2w', '-5m', '90', '', '1.h', '24 h', '1h 30m'].map(
    (retireAfter) =>
      [mailServer({ rollover: { retireAfter } }), 'spec.rollover.retireAfter', durationFrom('1m', '720h')] as const,
  ),
  [
    mailServer({ rollover: { retireAfter: '1s'.repeat(17) } }),
    'spec.rollover.retireAfter',
    'may not be more than 32 bytes',
  ],
  ...['59s', '24h1ms', '5x'].map(
    (interval) =>
      [mailServer({ verification: { interval } }), 'spec.verification.interval', durationFrom('1m', '24h')] as const,
  ),
  [
    mailServer({ verification: { dnssec: 'No' } }),
    'spec.verification.dnssec',
    'supported values: "Require", "Warn", "Ignore"',
  ],
  [mailServer({ verification: { probe: 'No' } }), 'spec.verification.probe', 'supported values: "Enabled", "Disabled"'],
  [mailServer({ verification: { serviceRef: {} } }), 'spec.verification.serviceRef.name', 'Required value'],
  ...['Postfix', 'mail.postfix', ''].map(
    (name) =>
      [
        mailServer({ verification: { serviceRef: { name } } }),
        'spec.verification.serviceRef.name',
        'write the name of a Service: lower-case letters, digits and hyphens',
      ] as const,
  ),
  [
    mailServer({ verification: { serviceRef: { name: 'a'.repeat(64) } } }),
    'spec.verification.serviceRef.name',
    'may not be more than 63 bytes',
  ],

  [dnsProvider({}), 'spec', 'name exactly one provider: rfc2136'],
  ...['ns1.example.nl:', 'ns1.example.nl:0', 'ns1.example.nl:65536', '2001:db8::53', 'dns://ns1', 'ns 1', ''].map(
    (server) => [dnsProvider(rfc2136({ server })), 'spec.rfc2136.server', SERVER] as const,
  ),
  [dnsProvider(rfc2136({ server: 'a'.repeat(261) })), 'spec.rfc2136.server', 'may not be more than 260 bytes'],
  [dnsProvider(rfc2136({ server: undefined })), 'spec.rfc2136.server', 'Required value'],
  ...['tlsa operator', '.', 'a..b', ''].map(
    (tsigKeyName) => [dnsProvider(rfc2136({ tsigKeyName })), 'spec.rfc2136.tsigKeyName', KEY_NAME] as const,
  ),
  [
    dnsProvider(rfc2136({ tsigKeyName: 'a'.repeat(254) })),
    'spec.rfc2136.tsigKeyName',
    'may not be more than 253 bytes',
  ],
  [dnsProvider(rfc2136({ tsigKeyName: undefined })), 'spec.rfc2136.tsigKeyName', 'Required value'],
  [
    dnsProvider(rfc2136({ tsigAlgorithm: 'hmac-md5' })),
    'spec.rfc2136.tsigAlgorithm',
    'supported values: "hmac-sha256", "hmac-sha384", "hmac-sha512"',
  ],
  [dnsProvider(rfc2136({ tsigSecretRef: undefined })), 'spec.rfc2136.tsigSecretRef', 'Required value'],
  [dnsProvider(rfc2136({ tsigSecretRef: { name: 'tsig' } })), 'spec.rfc2136.tsigSecretRef.key', 'Required value'],
  [
    dnsProvider(rfc2136({ tsigSecretRef: { name: 'Tsig', key: 'secret' } })),
    'spec.rfc2136.tsigSecretRef.name',
    `write the name of a Secret: ${OBJECT_NAME}`,
  ],
  [
    dnsProvider(rfc2136({ tsigSecretRef: { name: 'tsig', key: 'a/b' } })),
    'spec.rfc2136.tsigSecretRef.key',
    'write a key of the Secret: letters, digits, hyphens, underscores and dots',
  ],

  ...['Example.nl', 'example.nl.', '*.example.nl', '.', ''].map(
    (zone) => [dnsProvider({ ...rfc2136(), zones: [zone] }), 'spec.zones[0]', ZONE] as const,
  ),
  [dnsProvider({ ...rfc2136(), zones: [longName(254)] }), 'spec.zones[0]', 'may not be more than 253 bytes'],
  [dnsProvider({ ...rfc2136(), zones: hosts(65) }), 'spec.zones', 'must have at most 64 items'],
  [dnsProvider({ ...rfc2136(), zones: ['nl', 'nl'] }), 'spec.zones[1]', 'Duplicate value'],

  [dnsProvider({ ...rfc2136(), ...route53() }), 'spec', 'name exactly one provider: rfc2136, route53'],
  [dnsProvider({ ...rfc2136(), requestsPerSecond: 5 }), 'spec', 'requestsPerSecond is for providers with an API'],
  ...[0, 1001].map(
    (requestsPerSecond) =>
      [dnsProvider({ ...route53(), requestsPerSecond }), 'spec.requestsPerSecond', 'should be'] as const,
  ),
  [dnsProvider(route53({ accessKeySecretRef: undefined })), 'spec.route53.accessKeySecretRef', 'Required value'],
  ...['us-east', 'https://evil.example', 'us-east-1.evil.example'].map(
    (region) => [dnsProvider(route53({ region })), 'spec.route53.region', 'write a region of AWS'] as const,
  ),
  ...['/hostedzone/Z1', 'z1', ''].map(
    (id) =>
      [dnsProvider(route53({ hostedZoneIDs: [id] })), 'spec.route53.hostedZoneIDs[0]', 'write the ID of a'] as const,
  ),
  [route53OfCluster({ externalID: 'ours' }), 'spec.route53', 'externalID goes with roleARN'],
  [
    route53OfCluster({ roleARN: 'arn:aws:iam::123456789012:role/dns', externalID: 'no spaces' }),
    'spec.route53.externalID',
    'write the external ID',
  ],
  [route53OfCluster({ roleARN: 'dns' }), 'spec.route53.roleARN', 'write the ARN of a role'],
  ...['route53.example.nl', 'ftp://example.nl', 'https://example.nl/path'].map(
    (endpoint) => [route53OfCluster({ endpoint }), 'spec.route53.endpoint', 'write a URL without a path'] as const,
  ),

  ...['ns1.example.nl', 'https://ns1.example.nl/', 'https://key@ns1.example.nl', 'https://ns1.example.nl?x=1'].map(
    (url) => [powerdns({ url }), 'spec.powerdns.url', 'write the URL of the web server'] as const,
  ),
  [powerdns({ serverID: '../x' }), 'spec.powerdns.serverID', 'write the ID of the server'],
  [powerdns({ caBundle: 'LS0tLS1CRUdJTg==' }), 'spec.powerdns.caBundle', 'write certificates in PEM'],
  [powerdns({ apiKeySecretRef: { name: 'pdns' } }), 'spec.powerdns.apiKeySecretRef.key', 'Required value'],

  [clusterDnsProvider({}), 'spec.allow', 'Required value'],
  [clusterDnsProvider({ rfc2136: undefined, allow: [] }), 'spec', 'name exactly one provider: rfc2136'],
  ...['*', '*.', '*.nl.', 'mx*.example.nl', 'a.*.example.nl', 'Mx1.example.nl', 'mx1', '*.192.0.2.1', ''].map(
    (pattern) => [allow({ hostnames: [pattern] }), 'spec.allow[0].hostnames[0]', PATTERN] as const,
  ),
  [allow({ hostnames: [longName(244)] }), 'spec.allow[0].hostnames[0]', 'may not be more than 243 bytes'],
  [allow({ hostnames: [] }), 'spec.allow[0].hostnames', 'should have at least 1 items'],
  [allow({ hostnames: hosts(17) }), 'spec.allow[0].hostnames', 'must have at most 16 items'],
  [allow({ hostnames: ['*.nl', '*.nl'] }), 'spec.allow[0].hostnames[1]', 'Duplicate value'],
  [allow({ hostnames: undefined }), 'spec.allow[0].hostnames', 'Required value'],
  [allow({ namespaceSelector: undefined }), 'spec.allow[0].namespaceSelector', 'Required value'],
  [
    clusterDnsProvider({ allow: Array(129).fill({ namespaceSelector: {}, hostnames: ['*.nl'] }) }),
    'spec.allow',
    'must have at most 128 items',
  ],
  ...[
    { key: 'team', operator: 'In' },
    { key: 'team', operator: 'NotIn', values: [] },
    { key: 'team', operator: 'Exists', values: ['mail'] },
  ].map(
    (expression) =>
      [
        allow({ namespaceSelector: { matchExpressions: [expression] } }),
        'spec.allow[0].namespaceSelector.matchExpressions[0]',
        SELECTOR,
      ] as const,
  ),
  [
    allow({ namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'Gt', values: ['1'] }] } }),
    'spec.allow[0].namespaceSelector.matchExpressions[0].operator',
    'supported values: "In", "NotIn", "Exists", "DoesNotExist"',
  ],
  [daneIssuer({}), 'spec.issuerRef.name', 'Required value'],
  [
    daneIssuer({ name: 'ca', kind: 'issuer' }),
    'spec.issuerRef.kind',
    'write the kind of an issuer, as in Issuer, ClusterIssuer or AWSPCAClusterIssuer',
  ],
  [
    daneIssuer({ name: 'dane', group: 'tlsa-operator.io', kind: 'DaneIssuer' }),
    'spec.issuerRef',
    'name the issuer that signs; a DaneIssuer cannot wrap another one',
  ],
  [
    clusterDaneIssuer({ name: 'ca', kind: 'Issuer' }),
    'spec.issuerRef',
    'a ClusterDaneIssuer wraps a ClusterIssuer; an Issuer of one namespace is wrapped by a DaneIssuer there',
  ],
];

export const accepted: readonly (readonly [string, Fields])[] = [
  ['the longest host name', mailServer({ hostnames: [longName(243)] })],
  ['an internationalized host name', mailServer({ hostnames: ['xn--bcher-kva.example', '1-2.3.nl'] })],
  ['32 owners', mailServer({ hostnames: hosts(16), ports: [25, 465] })],
  ['every port', mailServer({ ports: [25, 465, 587, 993, 995, 143, 110] })],
  ['four certificates', mailServer({ certificates: ['a', 'b', 'c', 'd.e-f'].map((secretName) => ({ secretName })) })],
  [
    'a serving Secret beside a certificate that is watched only',
    mailServer({ certificates: [{ secretName: 'a', servingSecretName: 'a-live' }, { secretName: 'b' }] }),
  ],
  [
    'announced CAs and stolen keys',
    mailServer({
      announcedCAs: [
        { name: 'next', spkiSHA256: sha256 },
        { name: 'other', certificate: 'PEM' },
      ],
      compromisedKeys: [sha256],
    }),
  ],
  [
    'the lowest bounds',
    mailServer({ ttlSeconds: 60, rollover: { retireAfter: '1m' }, verification: { interval: '60s' } }),
  ],
  [
    'the highest bounds',
    mailServer({ ttlSeconds: 86400, rollover: { retireAfter: '720h' }, verification: { interval: '24h' } }),
  ],
  ['a duration of several units', mailServer({ rollover: { retireAfter: '1h30m0.5s1ms' } })],
  ['a Service', mailServer({ verification: { serviceRef: { name: 'postfix' } } })],
  ['3 1 1 alone', mailServer({ records: ['3 1 1'] })],
  ...['ns1', 'ns1.example.nl:65535', '192.0.2.53:5353', '[2001:db8::53]', '[2001:db8::53]:53'].map(
    (server) => [`server ${server}`, dnsProvider(rfc2136({ server }))] as const,
  ),
  ...['tlsa-operator', 'Key.example.nl.', 'host1-host2._tsig'].map(
    (tsigKeyName) => [`TSIG key ${tsigKeyName}`, dnsProvider(rfc2136({ tsigKeyName }))] as const,
  ),
  ['zones', dnsProvider({ ...rfc2136(), zones: ['example.nl', 'nl', '_tcp.mx1.example.nl', '2.0.192.in-addr.arpa'] })],
  ['Route 53, with a key', dnsProvider({ ...route53(), requestsPerSecond: 2 })],
  ...['us-gov-west-1', 'cn-north-1', 'us-iso-east-1'].map(
    (region) => [`region ${region}`, dnsProvider(route53({ region, hostedZoneIDs: ['Z0123456789ABC'] }))] as const,
  ),
  ...['http://192.0.2.1:8081', 'https://[2001:db8::1]:8081', 'https://gateway.example.nl/pdns/one'].map(
    (url) => [`PowerDNS at ${url}`, powerdns({ url })] as const,
  ),
  [
    'PowerDNS with a CA of its own',
    powerdns({ caBundle: '-----BEGIN CERTIFICATE-----\nAAAA+/==\n-----END CERTIFICATE-----\n' }),
  ],
  ['Route 53, with the identity of the pod', route53OfCluster({})],
  [
    'a role of AWS',
    route53OfCluster({
      roleARN: 'arn:aws-us-gov:iam::123456789012:role/teams/dns@mail',
      externalID: 'ours:2026',
      endpoint: 'https://vpce-1.route53.us-east-1.vpce.amazonaws.com:443',
    }),
  ],
  ['nobody', clusterDnsProvider({ allow: [] })],
  ...['mx1.example.nl', '*.example.nl', '*.nl'].map((name) => [`allow ${name}`, allow({ hostnames: [name] })] as const),
  ['a selector by labels', allow({ namespaceSelector: { matchLabels: { team: 'mail' } } })],
  [
    'a selector by expressions',
    allow({
      namespaceSelector: {
        matchExpressions: [
          { key: 'team', operator: 'NotIn', values: ['web'] },
          { key: 'mail', operator: 'Exists' },
        ],
      },
    }),
  ],
  ['an Issuer, wrapped', daneIssuer({ name: 'ca' })],
  ['a ClusterIssuer, wrapped for one namespace', daneIssuer({ name: 'ca', kind: 'ClusterIssuer' })],
  ['a ClusterIssuer, wrapped for all', clusterDaneIssuer({ name: 'ca' })],
  [
    'an issuer of another group',
    clusterDaneIssuer({ group: 'awspca.cert-manager.io', kind: 'AWSPCAClusterIssuer', name: 'pca' }),
  ],
];

/**
 * Addresses that mean this machine, this link or this cloud, in CIDR notation: behind them stands nothing that others are to reach, and
 * perhaps something that only we can. Neither a tenant's name server nor a mail server is looked for there.
 */
export const SPECIAL_CIDRS: readonly string[] = [
  '0.0.0.0/8', // unspecified ("this network")
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local, with the metadata service of most clouds
  '100.100.100.200/32', // metadata, Alibaba Cloud
  '168.63.129.16/32', // host services, Azure
  '192.0.0.0/24', // protocol assignments, with the metadata service of Oracle Cloud
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
  '::/96', // unspecified, loopback, and IPv4-compatible forms
  '::ffff:0:0:0/96', // IPv4-translated forms (RFC 2765)
  '64:ff9b:1::/48', // NAT64 of this network only (RFC 8215)
  'fe80::/10', // link-local
  'fd00:ec2::/32', // metadata and more, AWS
  'fd20:ce::254/128', // metadata, Google Cloud
  'ff00::/8', // multicast
];

/** The IPv6 addresses that lead to an IPv4 range through a translator: NAT64 (RFC 6052 §2.1) and 6to4 (RFC 3056 §2). */
export function translatedForms(cidr: string): readonly string[] {
  const [, address = '', length = ''] = /^([0-9.]+)\/(\d+)$/.exec(cidr) ?? [];
  if (address === '') return [];
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const high = (a * 256 + b).toString(16);
  const low = (c * 256 + d).toString(16);
  return [`64:ff9b::${high}:${low}/${96 + Number(length)}`, `2002:${high}:${low}::/${16 + Number(length)}`];
}

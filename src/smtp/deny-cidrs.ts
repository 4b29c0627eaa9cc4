/** Addresses that are never probed: a tenant who names hosts must not make the operator knock where only it can reach. */
import { BlockList, isIP } from 'node:net';
import { stalled } from '../core/errors.ts';
import { SPECIAL_CIDRS, translatedForms } from '../core/special-addresses.ts';

/**
 * Ranges to keep away from. An IPv4 range also holds the IPv4-mapped form (`::ffff:127.0.0.1`) of its addresses, and the reverse; and
 * their NAT64 and 6to4 forms.
 */
export type DenyCidrs = BlockList;

/**
 * Reads `--probe-deny-cidr`: ranges joined by commas, among which `default` stands for the default ones; or `none`.
 * @throws OperatorError `InvalidCIDR`
 */
export function parseDenyCidrs(text: string): DenyCidrs {
  const cidrs = new BlockList();
  if (text.trim() === 'none') return cidrs;
  const entries = text.split(',').map((entry) => entry.trim());
  for (const entry of entries.flatMap((one) => (one === 'default' ? SPECIAL_CIDRS : [one]))) {
    const [, address = '', length = ''] = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/.exec(entry) ?? [];
    const version = isIP(address);
    if (version === 0 || Number(length) > (version === 6 ? 128 : 32)) throw invalid(entry);
    cidrs.addSubnet(address, Number(length), family(version));
    for (const form of translatedForms(entry)) {
      const [translated = '', bits] = form.split('/');
      cidrs.addSubnet(translated, Number(bits), 'ipv6');
    }
  }
  return cidrs;
}

/** Is this address in one of the ranges? What is not an IP address is denied too. */
export function isDenied(address: string, cidrs: DenyCidrs): boolean {
  const version = isIP(address);
  return version === 0 || cidrs.check(address, family(version));
}

function family(version: number): 'ipv4' | 'ipv6' {
  return version === 6 ? 'ipv6' : 'ipv4';
}

function invalid(entry: string): Error {
  const advice = isIP(entry) === 0 ? '' : `; for this one address write ${entry}/${isIP(entry) === 6 ? 128 : 32}`;
  return stalled(
    'InvalidCIDR',
    `${JSON.stringify(entry)} is not a range of addresses like 10.0.0.0/8 or fd00::/8${advice}; give ranges joined by commas ("default" stands for the default ones), or "none"`,
  );
}

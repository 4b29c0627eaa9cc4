/** Where a DNS server is: host and port as a person writes them, and the addresses that leads to. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { stalled } from '../core/errors.ts';
import { SPECIAL_CIDRS, translatedForms } from '../core/special-addresses.ts';
import { ExchangeError } from './exchange-error.ts';

export interface Server {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  /** Refuses addresses that lead to this machine, this link or a cloud's metadata: for servers that a tenant names. */
  readonly refuseLocal?: boolean;
}

const HOST_AND_PORT = /^(?:\[(?<bracketed>[^\]]+)\]|(?<host>[^:]+))(?::(?<port>\d{1,5}))?$/;
const HOST = /^[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_])?\.?$/i;

/**
 * Reads `ns1.example.nl`, `192.0.2.1:53`, `2001:db8::1` or `[2001:db8::1]:53`; port 53 when none is given.
 * @throws OperatorError `InvalidServerAddress`
 */
export function parseServer(text: string): Server {
  if (isIP(text) === 6) return { host: text, port: 53 };
  const { bracketed, host = bracketed ?? '', port = '53' } = HOST_AND_PORT.exec(text)?.groups ?? {};
  const valid = bracketed === undefined ? HOST.test(host) : isIP(host) === 6;
  if (!valid || Number(port) < 1 || Number(port) > 65_535) {
    throw stalled(
      'InvalidServerAddress',
      `${JSON.stringify(text)} is not a DNS server: a host name or an address, and perhaps a port, as in ns1.example.nl:53`,
    );
  }
  return { host, port: Number(port) };
}

/** For messages: `ns1.example.nl:53`. */
export function formatServer({ host, port }: Server): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

const LOCAL = new BlockList();
for (const cidr of SPECIAL_CIDRS.flatMap((one) => [one, ...translatedForms(one)])) {
  const [address = '', length] = cidr.split('/');
  LOCAL.addSubnet(address, Number(length), family(address));
}

/**
 * The addresses of a server, by the system's resolver where it is a name.
 * @throws ExchangeError `AddressUnknown`, `AddressRefused`
 */
export async function addressesOf({ host, refuseLocal }: Server): Promise<readonly string[]> {
  const found = isIP(host) ? [host] : await resolveHost(host);
  const addresses = refuseLocal ? found.filter((address) => !isLocal(address)) : found;
  if (addresses.length === 0) throw new ExchangeError('AddressRefused', false);
  return addresses;
}

/** The same for what opens connections by itself (an HTTP agent), so that the address that was judged is the one that is used. */
export const lookupRefusingLocal: LookupFunction = (host, _options, callback) => {
  addressesOf({ host, port: 0, refuseLocal: true }).then(
    (addresses) => {
      callback(
        null,
        addresses.map((address) => ({ address, family: isIP(address) })),
      );
    },
    (error: unknown) => {
      callback(error as ExchangeError, []);
    },
  );
};

async function resolveHost(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new ExchangeError('AddressUnknown', false, { cause: error });
  }
}

function isLocal(address: string): boolean {
  return LOCAL.check(address, family(address));
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** Endpoints to which no TCP connection comes about: a blocked port 25 and a dead server look alike. */
import { transient, type OperatorError } from './errors.ts';
import type { Endpoint } from './facts.ts';
import { several } from './several.ts';

const NO_CONNECTION: ReadonlySet<string> = new Set(['ConnectionRefused', 'ConnectionTimeout', 'HostUnreachable']);

export function isUnreached({ presented }: Pick<Endpoint, 'presented'>): boolean {
  return presented.kind === 'Skipped' || (presented.kind === 'Failed' && NO_CONNECTION.has(presented.error));
}

/** @param where whose endpoints they are */
export function probeUnavailable(where: string, endpoints: readonly Endpoint[]): OperatorError {
  const told = endpoints.map(
    ({ address, presented }) => `${address}: ${presented.kind === 'Presented' ? '' : presented.error}`,
  );
  return transient(
    'ProbeUnavailable',
    `no address of ${where} can be connected to from here (${several(told) || 'it has none'}); start the server, or open the way, or name the Service behind it in spec.verification.serviceRef, or set spec.verification.probe to Disabled`,
  );
}

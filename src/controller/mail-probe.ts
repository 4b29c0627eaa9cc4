/** The mail probe as the controllers use it: within the permitted ranges, counted, and with what cannot be looked at set apart. */
import type { Metrics } from '../observe/metrics.ts';
import { isDenied, type DenyCidrs } from '../smtp/deny-cidrs.ts';
import { probe } from '../smtp/probe.ts';
import type { ProbeAnswer, ProbeEndpoint } from './endpoint-probes.ts';

const TIMEOUT_MS = 10_000;

export function mailProbe(denied: DenyCidrs, metrics: Pick<Metrics, 'probed'>): ProbeEndpoint {
  return async (target): Promise<ProbeAnswer> => {
    // Port 25 is all that is probed as yet.
    if (target.port !== 25) return { kind: 'Skipped', error: 'PortNotProbed' };
    if (isDenied(target.address, denied)) return { kind: 'Skipped', error: 'AddressDenied' };
    const result = await probe({ ...target, port: target.port }, { timeoutMs: TIMEOUT_MS });
    metrics.probed(result.kind === 'Presented' ? 'ok' : result.error);
    if (result.kind === 'Presented') return result;
    // A family without a route is reported, and no failure of the server.
    return { kind: result.error === 'NetworkUnreachable' ? 'Skipped' : 'Failed', error: result.error };
  };
}

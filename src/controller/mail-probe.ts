/** The mail probe as the controllers use it: within the permitted ranges, counted, and with what cannot be looked at set apart. */
import pLimit from 'p-limit';
import type { Metrics } from '../observe/metrics.ts';
import { isDenied, type DenyCidrs } from '../smtp/deny-cidrs.ts';
import { PROBE_ERRORS } from '../smtp/probe-error.ts';
import { probe } from '../smtp/probe.ts';
import type { ProbeAnswer, ProbeEndpoint } from './endpoint-probes.ts';

const TIMEOUT_MS = 10_000;
/** However many endpoints there are, no more connections than this at once. */
const MAX_CONNECTIONS = 64;

export function mailProbe(denied: DenyCidrs, metrics: Pick<Metrics, 'probed'>): ProbeEndpoint {
  const limit = pLimit(MAX_CONNECTIONS);
  return async (target): Promise<ProbeAnswer> => {
    if (isDenied(target.address, denied)) return { kind: 'Skipped', error: 'AddressDenied' };
    const result = await limit(() => probe(target, { timeoutMs: TIMEOUT_MS }));
    metrics.probed(result.kind === 'Presented' ? 'ok' : result.error);
    if (result.kind === 'Presented') return result;
    // A family without a route is reported, and no failure of the server.
    const { error } = result;
    return error === 'NetworkUnreachable'
      ? { kind: 'Skipped', error }
      : { kind: 'Failed', error, message: PROBE_ERRORS[error] };
  };
}

/** Knot and PowerDNS as the conformance suite uses them. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TsigKey } from '../support/bind.ts';
import { startKnot } from '../support/knot.ts';
import { startPowerDns } from '../support/powerdns.ts';
import { ALLOWED_BELOW, FIXTURES } from './conformance/harness.ts';
import { rfc2136Harness, servedZones, type Primary, type Rfc2136Harness } from './rfc2136-harness.ts';

/** Knot looks at a key only in its own zones: without a list of them, there is no question that proves the key. */
export async function startKnotHarness(address: string): Promise<Rfc2136Harness> {
  const primary = await startPrimary(startKnot, address);
  return rfc2136Harness(primary, { zones: FIXTURES.map(({ name }) => name), forbidden: 'Refused' });
}

/** PowerDNS leaves out what its policy forbids, does the rest of the request, and says NOERROR. */
export async function startPowerDnsHarness(address: string): Promise<Rfc2136Harness> {
  return rfc2136Harness(await startPrimary(startPowerDns, address), { forbidden: 'Dropped' });
}

export async function startPrimary(
  start: (options: Parameters<typeof startKnot>[0]) => ReturnType<typeof startKnot>,
  address: string,
): Promise<Primary> {
  const dir = mkdtempSync(join(tmpdir(), 'primary-'));
  const key: TsigKey = {
    name: 'tlsa-operator.test',
    algorithm: 'hmac-sha256',
    secret: randomBytes(32).toString('base64'),
  };
  const program = await start({
    dir,
    address,
    key,
    zones: servedZones(address),
    allowedBelow: ALLOWED_BELOW,
  });
  const stop = async (): Promise<void> => {
    await program.stop();
    rmSync(dir, { recursive: true });
  };
  return { address, key, stop };
}

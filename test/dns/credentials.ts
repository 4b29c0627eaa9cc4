/** What becomes of credentials that a server does not accept: every make says it in its own way. */
import { expect, test } from '@jest/globals';
import type { ErrorKind } from '../../src/core/errors.ts';
import type { Rfc2136Options } from '../../src/dns/providers/rfc2136/index.ts';
import { HOSTS } from './conformance/harness.ts';
import { a, at, NOTHING } from './conformance/suite.ts';
import type { Rfc2136Harness } from './rfc2136-harness.ts';

const WRONG = {
  'another secret': { tsigSecret: Buffer.alloc(32, 'another').toString('base64') },
  'another key': { tsigKeyName: 'nobody.test' },
  'another algorithm': { tsigAlgorithm: 'hmac-sha384' },
  'a clock that is an hour late': { now: () => Date.now() - 3_600_000 },
} as const satisfies Readonly<Record<string, Partial<Rfc2136Options>>>;

type Credential = keyof typeof WRONG;

export function describeCredentials(
  harness: () => Rfc2136Harness,
  expected: Readonly<Record<Credential, readonly [kind: ErrorKind, code: string]>>,
): void {
  const cases = Object.keys(WRONG) as Credential[];
  test.each(cases)('%s', async (credential) => {
    const { providerWith, provider: right, served } = harness();
    const provider = providerWith(WRONG[credential]);
    const [kind, code] = expected[credential];
    const error = { name: 'OperatorError', kind, code };
    const [owner, zone] = [`_25._tcp.credential.${HOSTS}`, await right.findZone(HOSTS)];
    if (zone === undefined) throw new Error('the zone is not there');
    await expect(provider.authenticate()).rejects.toMatchObject(error);
    await expect(provider.findZone(owner)).rejects.toMatchObject(error);
    await expect(provider.read(zone, owner)).rejects.toMatchObject(error);
    const changes = [at(owner, [a]), at(`2.${owner}`, [a])];
    const refused = changes.map(() => ({ outcome: 'Refused', error }));
    expect(await provider.change(zone, changes)).toMatchObject(refused);
    expect(await served(owner)).toEqual(NOTHING);
  });
}

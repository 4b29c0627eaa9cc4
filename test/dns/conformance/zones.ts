import { expect, test } from '@jest/globals';
import { ALLOWED_BELOW, DELEGATED_ZONE, HOSTS, NESTED_ZONE, UNSIGNED_ZONE, ZONE } from './harness.ts';
import { a, APPLIED, at, defined, NOTHING, set, value, type Suite } from './suite.ts';

export function describeZones(suite: Suite): void {
  test.each([
    [ZONE, ZONE, 'Signing'],
    [`mx1.${ZONE}`, ZONE, 'Signing'],
    [`_25._tcp.mx1.${ZONE}`, ZONE, 'Signing'],
    [NESTED_ZONE, NESTED_ZONE, 'Signing'],
    [`_25._tcp.mx1.${NESTED_ZONE}`, NESTED_ZONE, 'Signing'],
    [`mx1.${UNSIGNED_ZONE}`, UNSIGNED_ZONE, 'NotSigning'],
    // An alias does not lead to the zone of its target, whether that is another one or the one above (PowerDNS follows it there).
    [`alias.${ZONE}`, ZONE, 'Signing'],
    [`_25._tcp.alias.${HOSTS}`, ZONE, 'Signing'],
    [`alias.${NESTED_ZONE}`, NESTED_ZONE, 'Signing'],
  ])('%s is in %s', async (name, zone, signing) => {
    expect(await suite.harness.provider.findZone(name)).toMatchObject({ name: zone, signing });
  });

  test.each([
    ['only looks like a name of the zone', `mx1.not-${ZONE}`],
    ['is in no zone of the server', 'mx1.no-such-zone.test'],
    ['was delegated to another server', DELEGATED_ZONE],
    ['is below one that was: a record here would never be seen', `_25._tcp.mx1.${DELEGATED_ZONE}`],
  ])('none for a name that %s', async (_what, name) => {
    // A provider that has a list of zones, with one above the name, says that the server does not have it.
    // A provider that has the zone above, and sees the delegation only in it, says so when it is asked for records there.
    const { provider } = suite.harness;
    const zone = await provider.findZone(name).catch((error: unknown) => {
      expect(error).toMatchObject({ name: 'OperatorError', kind: 'Stalled' });
      return undefined;
    });
    if (zone === undefined) return;
    expect(name.endsWith(DELEGATED_ZONE)).toBe(true);
    await expect(provider.read(zone, name)).rejects.toMatchObject({ kind: 'Stalled', code: 'OwnerOutsideZone' });
  });

  test('a change goes to the zone that is nearest', async () => {
    const { provider, served } = suite.harness;
    const owner = `_25._tcp.mx1.${ALLOWED_BELOW}.${NESTED_ZONE}`;
    const nested = defined(await provider.findZone(owner));
    expect(await provider.change(nested, [at(owner, [a])])).toMatchObject([APPLIED]);
    expect(value(await served(owner))).toEqual(value(set(60, a)));
    expect(value(await provider.read(nested, owner))).toEqual(value(set(60, a)));
  });

  test('one that is not there is no empty one', async () => {
    const { provider } = suite.harness;
    const nowhere = { name: 'missing.nl', signing: 'Unknown' } as const;
    const stalled = { name: 'OperatorError', kind: 'Stalled' };
    await expect(provider.read(nowhere, '_25._tcp.mx1.missing.nl')).rejects.toMatchObject(stalled);
    expect(await provider.change(nowhere, [at('_25._tcp.mx1.missing.nl', [a])])).toMatchObject([
      { outcome: 'Refused', error: stalled },
    ]);
  });

  test('a name outside of the zone is not written', async () => {
    const { provider, served } = suite.harness;
    const owner = `_25._tcp.mx1.${ALLOWED_BELOW}.${UNSIGNED_ZONE}`;
    expect(await provider.change(suite.zone, [at(owner, [a])])).toMatchObject([
      { outcome: 'Refused', error: { name: 'OperatorError', kind: 'Stalled' } },
    ]);
    expect(await served(owner)).toEqual(NOTHING);
  });
}

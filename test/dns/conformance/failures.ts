import { expect, test } from '@jest/globals';
import { ZONE, type Harness } from './harness.ts';
import { a, APPLIED, at, b, CONFLICT, NOTHING, set, type Suite } from './suite.ts';

export function describeFailures(suite: Suite): void {
  test('a wrong credential: a person must act, nothing is read and nothing written', async () => {
    const owner = await suite.created(a);
    const { withWrongCredential: provider } = suite.harness;
    const stalled = { name: 'OperatorError', kind: 'Stalled' };
    await expect(provider.authenticate()).rejects.toMatchObject(stalled);
    await expect(provider.findZone(owner)).rejects.toMatchObject(stalled);
    await expect(provider.read(suite.zone, owner)).rejects.toMatchObject(stalled);
    const changes = [at(owner, [], { remove: [a], expected: set(60, a) }), at(suite.newOwner(), [a])];
    expect(await provider.change(suite.zone, changes)).toMatchObject(
      changes.map(() => ({ outcome: 'Refused', error: stalled })),
    );
    await suite.expectServed(owner, set(60, a));
  });

  test.each<[string, (harness: Harness) => Harness['provider'], string]>([
    ['nothing listens', ({ withoutServer }) => withoutServer, 'Refused'],
    ['nothing answers', ({ withSilentServer }) => withSilentServer, 'Unknown'],
    ['the answer is rubbish', ({ withBabblingServer }) => withBabblingServer, 'Unknown'],
  ])('%s: tried again later', async (_what, of, outcome) => {
    const provider = of(suite.harness);
    const transient = { name: 'OperatorError', kind: 'Transient' };
    await expect(provider.authenticate()).rejects.toMatchObject(transient);
    await expect(provider.findZone(ZONE)).rejects.toMatchObject(transient);
    await expect(provider.read(suite.zone, suite.newOwner())).rejects.toMatchObject(transient);
    const changes = [at(suite.newOwner(), [a]), at(suite.newOwner(), [a])];
    expect(await provider.change(suite.zone, changes)).toMatchObject(
      changes.map(() => ({ outcome: suite.harness.asksFirst ? 'Refused' : outcome, error: transient })),
    );
  });

  test('an answer that is lost leaves it open; a look tells, and the same again does no harm', async () => {
    const { losingAnswers } = suite.harness;
    const owner = suite.newOwner();
    expect(await losingAnswers.change(suite.zone, [at(owner, [a])])).toMatchObject([
      { outcome: 'Unknown', error: { name: 'OperatorError', kind: 'Transient' } },
    ]);
    await suite.expectServed(owner, set(60, a));
    expect(await suite.change(owner, NOTHING, { add: [a] })).toEqual(CONFLICT);
    const seen = await suite.harness.provider.read(suite.zone, owner);
    expect(await suite.change(owner, seen, { add: [b] })).toMatchObject(APPLIED);
    await suite.expectServed(owner, set(60, a, b));
  });
}

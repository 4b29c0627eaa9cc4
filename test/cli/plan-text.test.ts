/** What `plan` tells of a wait at three in the morning: who is waited for, and until when at the latest. */
import { beforeAll, expect, test } from '@jest/globals';
import { planText } from '../../src/cli/plan-text.ts';
import { outlook } from '../../src/core/outlook.ts';
import { plan } from '../../src/core/plan.ts';
import { makeCA } from '../support/pki.ts';
import { leafOf, type Leaf } from '../support/planner-world.ts';
import { restingOn, SOURCE, type PromoteWorld } from '../support/promote-world.ts';

let first: Leaf;
let renewed: Leaf;
beforeAll(async () => {
  const issuing = await makeCA({ name: 'Issuing CA', issuer: await makeCA({ name: 'Root' }) });
  [first, renewed] = [await leafOf(issuing), await leafOf(issuing)];
});

function told(world: PromoteWorld): string {
  const facts = world.facts();
  return planText({ namespace: 'mail', name: 'mx1', ...outlook(facts, plan(facts)) }, (_color, text) => text);
}

test('a name server that lags is named, and what ends the wait without it', () => {
  const world = restingOn(first);
  world.secondary = world.records;
  world.source = renewed;
  world.settle();
  world.now += 1000;
  world.settle();
  const text = told(world);
  expect(text).toMatch(
    /\n {2}candidate +[0-9a-f]{64} in Secret mx1-tls: WaitingForServers .* earlier ones still come from ns2;/,
  );
  expect(text).toMatch(/\n {4}held +#\d+ .* until every name server answers a later one\n +#\d+ .* stands there now\n/);
  world.isSecondaryAway = true;
  // What it answered before is signed for some days, and not anew.
  world.pass(60 * 60_000);
  expect(told(world)).toMatch(
    / until every name server answers a later one, or its signatures have run out \(\d{4}-\S+Z\)\n/,
  );
});

test('what is wrong though all is published is told too', () => {
  const world = restingOn(first);
  expect(told(world)).not.toContain('ca switch');
  world.desired = { ...world.desired, announcedCAs: [{ name: 'next', spkiSHA256: 'ab'.repeat(32) }] };
  expect(told(world)).toMatch(
    /\n {2}ca switch +AnnouncedCAsNotPublished: the 2 1 1 of each announced CA is not published/,
  );
});

test('what waited and is mounted now, as servingSecretName was taken out, is not on its way out', () => {
  const world = restingOn(first);
  world.source = renewed;
  world.settle();
  expect(told(world)).toContain(' WaitingForServers');
  world.desired = { ...world.desired, certificates: [{ secretName: SOURCE }] };
  world.settle();
  const text = told(world);
  expect(text).toContain(': the records of 1 former certificate stay until no endpoint has presented it ');
  expect(text).toContain(`former     ${first.summary.spkiSHA256} of Secret ${SOURCE} stays`);
  expect(text).not.toContain('dropped');
});

/** A wait is routine: whatever waits for readiness (Flux, Helm, Argo CD) must not hang, and a person reads what is going on, and until when. */
import { beforeAll, expect, test } from '@jest/globals';
import { conditions } from '../../src/core/conditions.ts';
import { plan } from '../../src/core/plan.ts';
import { formatTime } from '../../src/core/time.ts';
import { makeCA } from '../support/pki.ts';
import { leafOf, type Leaf } from '../support/planner-world.ts';
import { restingOn, type PromoteWorld } from '../support/promote-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let first: Leaf;
let renewed: Leaf;
beforeAll(async () => {
  const issuing = await makeCA({ name: 'Issuing CA', issuer: await makeCA({ name: 'Root' }) });
  [first, renewed] = [await leafOf(issuing), await leafOf(issuing)];
});

/** What stands in status now, of the conditions that tools and people wait for. */
function told(world: PromoteWorld): { readonly said: string; readonly message: string } {
  const facts = world.facts();
  const found = conditions(facts, plan(facts));
  const of = (name: string) => found.find(({ type }) => type === name);
  const said = ['Ready', 'Reconciling', 'Stalled', 'RolloverInProgress'].map((type) => of(type)?.status ?? '-');
  return {
    said: `${said.join(' ')} ${String(of('RolloverInProgress')?.reason)}`,
    message: of('RolloverInProgress')?.message ?? '',
  };
}

test('Ready stays True, Reconciling is absent, RolloverInProgress says which step, and until when', () => {
  const world = restingOn(first);
  expect(told(world).said).toBe('True - - False Idle');
  world.source = renewed;
  const began = world.now;
  // The records are to be changed: not even then.
  expect(told(world).said).toBe('True - - True Publishing');
  world.settle();
  expect(told(world).said).toBe('True - - True WaitingForServers');
  world.pass(MINUTE);
  const { said, message } = told(world);
  expect(said).toBe('True - - True WaitingForCaches');
  // Every server had answered half a minute after the change; seconds are rounded up.
  const opensAt = formatTime(new Date(Math.ceil((began + 30_000) / 1000) * 1000 + 2 * HOUR + MINUTE));
  expect(message).toContain(`(until ${opensAt})`);
  expect(message).not.toContain('are not known');
  world.pass(2 * HOUR + MINUTE);
  expect(world.serving).toBe(renewed);
  expect(told(world).said).toBe('True - - True Retiring');
  expect(told(world).message).toMatch(/\(until \d{4}-/);
  world.pass(25 * HOUR);
  expect(told(world).said).toBe('True - - False Idle');
});

test('a wait for what is not known any more, as there were too many changes, says so', () => {
  const world = restingOn(first);
  world.secondary = world.records;
  const changes = Array.from({ length: 10 }, (_, index) => ({
    name: `ca-${index}`,
    spkiSHA256: `${index}`.repeat(64),
  }));
  for (const announced of changes) {
    world.desired = { ...world.desired, announcedCAs: [announced] };
    world.settle();
  }
  world.source = renewed;
  world.settle();
  expect(world.stored.recordSets[0]?.versions).toHaveLength(8);
  const { said, message } = told(world);
  expect(said).toBe('True - - True WaitingForServers');
  expect(message).toContain('some earlier records are not known and count as refusing it');
});

test('which name servers are waited for, and why', () => {
  const world = restingOn(first);
  const earlier = world.records;
  world.source = renewed;
  world.settle();
  // What they answered before the change says nothing of now.
  const look = (): void => {
    world.now += 1000;
    world.settle();
  };
  look();
  expect(told(world).message).toMatch(
    /: _25\._tcp\.\S+; each is asked 3 times over half a minute; at the deadline .*\(until/,
  );
  world.secondary = earlier;
  look();
  expect(told(world).message).toContain(
    '; earlier ones still come from ns2; at the deadline those that answer are enough',
  );
  world.secondary = undefined;
  world.isSecondaryAway = true;
  look();
  expect(told(world).message).toContain('; no answer comes from ns2; ');
  world.desired = { ...world.desired, onDeadline: 'Hold' };
  expect(told(world).message).not.toMatch(/deadline|until/);
});

test('who still presents a former certificate, or does not answer, is named', () => {
  const world = restingOn(first);
  world.source = renewed;
  world.pass(3 * HOUR);
  expect(world.serving).toBe(renewed);
  world.served = first;
  world.settle();
  expect(told(world).said).toBe('True - - True Proving');
  expect(told(world).message).toContain('; it is presented by mx1.example.nl (192.0.2.25 port 25, ECDSA)');
  world.answersServe = false;
  world.settle();
  expect(told(world).message).toContain('; no answer comes from mx1.example.nl (192.0.2.25 port 25, ECDSA)');
});

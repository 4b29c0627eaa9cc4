import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { conditions } from '../../src/core/conditions.ts';
import { stalled, transient } from '../../src/core/errors.ts';
import { known, unknown } from '../../src/core/facts.ts';
import { judge } from '../../src/core/match.ts';
import { rolloverSummary } from '../../src/core/rollover-summary.ts';
import { formatTime } from '../../src/core/time.ts';
import { DESIRED, HOST, leafOf, OWNER, World, type Leaf } from '../support/planner-world.ts';
import { makeCA } from '../support/pki.ts';

let first: Leaf;
let renewed: Leaf;
let otherCA: Leaf;
let selfSigned: Leaf;

beforeAll(async () => {
  const root = await makeCA({ name: 'Root' });
  const issuing = await makeCA({ name: 'Issuing CA', issuer: root });
  const other = await makeCA({ name: 'Other CA', issuer: root });
  first = await leafOf(issuing);
  renewed = await leafOf(issuing);
  otherCA = await leafOf(other);
  selfSigned = await leafOf();
});

const ee = (leaf: Leaf): string => `3 1 1 ${leaf.summary.spkiSHA256}`;
const ta = (leaf: Leaf): string => `2 1 1 ${String(leaf.summary.caSPKISHA256s[0])}`;

function publishedWorld(leaf: Leaf): World {
  const world = new World();
  world.hold(leaf);
  world.serve(leaf);
  world.settle();
  return world;
}

const stateOf = (world: World, type: string): string | undefined => {
  const plan = world.settle();
  const condition = conditions(world.facts(), plan).find((candidate) => candidate.type === type);
  return condition && `${condition.status} ${condition.reason}`;
};

describe('first publication', () => {
  test('goes finalizer, intent, write, version: each in a pass of its own', () => {
    const world = new World();
    world.hold(first);
    world.serve(first);
    const steps: string[] = [];
    for (;;) {
      const { plan, did } = world.pass();
      if (did === 'Nothing') break;
      const [recordSet] = world.stored.recordSets;
      steps.push(
        did === 'Acted'
          ? String(plan.effect?.kind)
          : recordSet?.intent !== undefined
            ? 'intent'
            : recordSet !== undefined
              ? 'version'
              : 'chain',
      );
      // Nothing is in the DNS before the intent is in status.
      if (world.published.length > 0) expect(steps).toContain('intent');
    }
    expect(steps).toEqual(['chain', 'SetFinalizer', 'intent', 'ChangeRecordSets', 'version']);
    expect(world.published.sort()).toEqual([ta(first), ee(first)]);
    expect(world.stored.recordSets[0]).toMatchObject({
      owner: OWNER,
      zone: 'example.nl',
      ttlSeconds: 3600,
      versions: [{ kind: 'Unknown' }, { kind: 'Written', records: [] }, { n: 3, kind: 'Written', ttlSeconds: 3600 }],
    });
    expect(world.stored.recordSets[0]?.intent).toBeUndefined();
  });

  test.each<[string, (world: World) => void, string]>([
    ['no address can be connected to', (world) => (world.served = undefined), 'ProbeUnavailable'],
    [
      'the server presents another certificate',
      (world) => {
        world.serve(renewed);
      },
      'UnknownChainServed',
    ],
    ['the zone is not secure', (world) => (world.secure = false), 'Insecure'],
    ['there is no Secret', (world) => (world.secret = unknown(transient('SecretNotFound', 'none'))), 'SecretNotFound'],
    [
      'the provider refuses the host',
      (world) => (world.zone = unknown(stalled('HostnameNotAllowed', 'no'))),
      'HostnameNotAllowed',
    ],
  ])('writes nothing while %s', (_, spoil, reason) => {
    const world = new World();
    world.hold(first);
    world.serve(first);
    spoil(world);
    expect(stateOf(world, 'Ready')).toBe(`False ${reason}`);
    expect(world.writes).toBe(0);
    expect(world.stored.recordSets).toEqual([]);
  });

  test('an insecure zone is written when the spec says Warn, and an unprobed host when it says Disabled', () => {
    const world = new World();
    world.hold(first);
    world.secure = false;
    world.desired = { ...DESIRED, dnssec: 'Warn', probe: 'Disabled' };
    expect(stateOf(world, 'Ready')).toBe('True Published');
    expect(stateOf(world, 'DNSSECSecure')).toBe('False Insecure');
  });
});

describe('a certificate that is not as it should be is published, and said', () => {
  test.each<[string, string, () => Promise<Leaf>]>([
    [
      'expired',
      'True CertificateExpired',
      () => leafOf(undefined, { notBefore: new Date(Date.now() - 2e9), notAfter: new Date(Date.now() - 1e9) }),
    ],
    [
      'of the future',
      'True CertificateNotYetValid',
      () => leafOf(undefined, { notBefore: new Date(Date.now() + 1e9) }),
    ],
    ['for another host', 'True HostnameNotCovered', () => leafOf(undefined, { names: ['mx2.example.nl'] })],
  ])('%s', async (_, condition, make) => {
    const leaf = await make();
    const world = publishedWorld(leaf);
    expect(stateOf(world, 'CertificatesResolved')).toBe(condition);
    expect(world.published).toEqual([ee(leaf)]);
  });
});

describe('a renewal', () => {
  test('adds the new key at once and keeps the former one until no endpoint has presented it for retireAfter', () => {
    const world = publishedWorld(first);
    world.hold(renewed);
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), ee(first), ee(renewed)].sort());

    world.later(48 * 3_600_000);
    world.settle();
    expect(world.published).toContain(ee(first)); // still served: the clock has not begun

    world.serve(renewed);
    world.settle();
    world.later(23 * 3_600_000);
    world.settle();
    expect(world.published).toContain(ee(first));
    world.later(3_600_000);
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), ee(renewed)].sort());
  });

  test('a former certificate that is seen again starts its clock anew', () => {
    const world = publishedWorld(first);
    world.hold(renewed);
    world.serve(renewed);
    world.settle();
    world.later(20 * 3_600_000);
    world.serve(first);
    world.settle();
    world.serve(renewed);
    world.settle();
    world.later(20 * 3_600_000);
    world.settle();
    expect(world.published).toContain(ee(first));
  });

  test('a certificate that is in no Secret is told, and changes nothing in the DNS', () => {
    const world = publishedWorld(first);
    const [before, published] = [world.writes, world.published];
    world.serve(renewed);
    expect(stateOf(world, 'ServingMatches')).toBe('False UnknownChainServed');
    world.later(30 * 24 * 3_600_000);
    world.settle();
    expect([world.writes, world.published]).toEqual([before, published]);
  });

  test('to another CA publishes both CAs; to a self-signed certificate takes every 2 1 1 away', () => {
    const world = publishedWorld(first);
    world.hold(otherCA);
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), ta(otherCA), ee(first), ee(otherCA)].sort());
    world.hold(selfSigned);
    world.settle();
    expect(world.published.filter((record) => record.startsWith('2'))).toEqual([]);
  });

  test('a Secret that vanishes or turns to garbage takes nothing away', () => {
    const world = publishedWorld(first);
    world.secret = unknown(transient('SecretNotFound', 'gone'));
    expect(stateOf(world, 'CertificatesResolved')).toBe('False SecretNotFound');
    world.later(365 * 24 * 3_600_000);
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), ee(first)]);
  });
});

describe('a former certificate', () => {
  const DAY = 24 * 3_600_000;

  test('that has expired and is still presented keeps its record when a look gets no answer', async () => {
    const old = await leafOf(undefined, { notAfter: new Date(Date.now() + 40 * DAY) });
    const world = publishedWorld(old);
    world.later(30 * DAY);
    world.hold(renewed); // and the server does not load it
    world.settle();
    world.later(11 * DAY);
    world.served = undefined;
    world.settle();
    world.serve(old);
    world.settle();
    expect(world.published).toContain(ee(old));
  });

  test('stays while an endpoint does not answer, but not for ever: until it has expired and nobody presented it since', async () => {
    const old = await leafOf(undefined, { notAfter: new Date(Date.now() + 40 * DAY) });
    const world = publishedWorld(old);
    world.hold(renewed);
    world.served = undefined;
    world.settle();
    world.later(39 * DAY);
    world.settle();
    expect(world.published).toContain(ee(old));
    world.later(2 * DAY);
    world.settle();
    world.later(23 * 3_600_000);
    world.settle();
    expect(world.published).toContain(ee(old));
    world.later(2 * 3_600_000);
    world.settle();
    expect(world.published).not.toContain(ee(old));
  });

  test('stays while a host that has records of ours is not looked at', () => {
    const world = publishedWorld(first);
    world.hold(renewed);
    world.serve(renewed);
    world.probesItsHost = false; // its provider is away, say; another host's endpoints say nothing about it
    world.settle();
    world.later(30 * DAY);
    world.settle();
    expect(world.published).toContain(ee(first));
    world.probesItsHost = true;
    world.settle();
    world.later(DAY);
    world.settle();
    expect(world.published).not.toContain(ee(first));
  });

  test('does not go after one look that follows a long pause', () => {
    const world = publishedWorld(first);
    world.hold(renewed);
    world.serve(renewed);
    world.settle();
    world.later(7 * DAY);
    world.looks = 1; // the operator was away
    world.settle();
    expect(world.published).toContain(ee(first));
    expect(rolloverSummary(world.facts(), world.settle()).step).toBe('Proving');
    world.looks = 12;
    world.settle();
    expect(world.published).not.toContain(ee(first));
  });

  test('goes on with its clock after a restart, and is not judged while nobody can look', () => {
    const world = publishedWorld(first);
    world.hold(renewed);
    world.serve(renewed);
    world.settle();
    const clock = (): string | undefined => world.stored.certificates[0]?.chains[1]?.notSeenSince;
    const begun = clock();
    world.looked = false; // nothing was looked at yet
    world.later(2 * DAY);
    world.settle();
    expect([begun !== undefined, clock()]).toEqual([true, begun]);
    expect(world.published).toContain(ee(first));
  });

  test('is none when another Secret holds the certificate now', () => {
    const world = publishedWorld(first);
    world.desired = { ...DESIRED, certificates: [{ secretName: 'renamed' }] };
    world.secretName = 'renamed';
    world.settle();
    expect(
      world.stored.certificates.map(({ secretName, chains }) => [secretName, chains.map(({ state }) => state)]),
    ).toEqual([['renamed', ['Serving']]]);
  });

  test('goes when the Secret that the spec names instead is not there, but its records stay', () => {
    const world = new World();
    world.desired = { ...DESIRED, probe: 'Disabled' };
    world.hold(first);
    world.settle();
    world.desired = { ...world.desired, certificates: [{ secretName: 'mistyped' }] };
    world.settle();
    world.later(2 * DAY);
    expect(stateOf(world, 'RecordsPublished')).toBe('False NothingToPublish');
    expect(world.published.sort()).toEqual([ta(first), ee(first)]);
  });
});

describe('what is in the DNS', () => {
  const FOREIGN = `3 1 1 ${'ab'.repeat(32)}`;

  test('a foreign record survives publication, renewal and withdrawal', () => {
    const world = new World();
    world.foreign(FOREIGN);
    world.hold(first);
    world.serve(first);
    world.settle();
    world.hold(renewed);
    world.settle();
    expect(world.published).toContain(FOREIGN);
    expect(world.stored.recordSets[0]?.records).toContainEqual({ data: FOREIGN, role: 'Foreign' });
    world.desired = { ...DESIRED, publish: false };
    world.settle();
    expect(world.published).toEqual([FOREIGN]);
    expect(stateOf(world, 'RecordsPublished')).toBe('True Withdrawn');
  });

  const HOUR = 3_600_000;

  test('an adopted record goes as that of a former certificate does, and is foreign until then', () => {
    const world = publishedWorld(first);
    world.foreign(FOREIGN);
    world.settle();
    world.desired = { ...DESIRED, adoption: 'Adopt' };
    const until = formatTime(new Date(world.now + 24 * HOUR));
    expect(rolloverSummary(world.facts(), world.settle())).toMatchObject({ step: 'Retiring', until });
    world.later(23 * HOUR);
    world.settle();
    expect(world.published).toContain(FOREIGN);
    world.desired = DESIRED; // adopted no more: the clock is forgotten
    world.settle();
    world.desired = { ...DESIRED, adoption: 'Adopt' };
    world.settle();
    world.later(23 * HOUR);
    world.settle();
    expect(world.published).toContain(FOREIGN);
    world.later(HOUR);
    world.looks = 11; // after a restart
    world.settle();
    expect(world.published).toContain(FOREIGN);
    world.looks = 12;
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), ee(first)]);
  });

  test('without probes an adopted record goes after retireAfter', () => {
    const world = publishedWorld(first);
    world.foreign(FOREIGN);
    world.desired = { ...DESIRED, adoption: 'Adopt', probe: 'Disabled' };
    world.settle();
    world.later(24 * HOUR - 1000);
    world.settle();
    expect(world.published).toContain(FOREIGN);
    world.later(1000);
    world.settle();
    expect(world.published).not.toContain(FOREIGN);
  });

  test('an adopted record of one port does not wait for what another one presents', () => {
    const world = publishedWorld(first);
    const facts = world.facts.bind(world);
    world.facts = () => {
      const { endpoints, ...others } = facts();
      const stranger = { kind: 'Presented', ...renewed } as const;
      const seen = endpoints?.known === true ? endpoints.value : [];
      const more = seen.map((one) => ({ ...one, port: 587, presented: stranger }));
      return { ...others, endpoints: known([...seen, ...more]) };
    };
    world.foreign(FOREIGN);
    world.desired = { ...DESIRED, adoption: 'Adopt' };
    world.settle();
    world.later(24 * HOUR);
    world.settle();
    expect(world.published).not.toContain(FOREIGN);
  });

  test('a withdrawal leaves a record that is not adopted yet', () => {
    const world = publishedWorld(first);
    world.foreign(FOREIGN);
    world.desired = { ...DESIRED, adoption: 'Adopt' };
    world.settle();
    world.desired = { ...world.desired, publish: false };
    world.settle();
    expect(world.published).toEqual([FOREIGN]);
    world.later(25 * HOUR);
    world.settle();
    expect(world.published).toEqual([FOREIGN]);
  });

  test('the clock of adoption stands still while an endpoint presents what it would take away, or does not answer', () => {
    const world = new World();
    world.foreign(ee(first));
    world.ttlSeconds = 3600;
    world.hold(renewed);
    world.serve(renewed);
    world.settle();
    world.serve(first);
    world.desired = { ...DESIRED, adoption: 'Adopt' };
    world.settle();
    world.later(48 * HOUR);
    world.settle();
    expect(world.published).toContain(ee(first));
    world.serve(renewed);
    world.settle();
    world.later(20 * HOUR);
    world.served = undefined;
    world.settle();
    world.serve(renewed);
    world.settle();
    world.later(20 * HOUR);
    world.settle();
    expect(world.published).toContain(ee(first));
    world.later(4 * HOUR);
    world.settle();
    expect(world.published).not.toContain(ee(first));
  });

  test('records that are found and right become ours: with the finalizer, and then with our TTL', () => {
    const world = new World();
    world.hold(first);
    world.serve(first);
    world.records = publishedWorld(first).records;
    world.ttlSeconds = 86_400;
    world.settle();
    expect([world.finalizer, world.ttlSeconds, world.stored.recordSets[0]?.ttlSeconds]).toEqual([true, 3600, 3600]);
    world.deleting = true;
    world.settle();
    expect(world.published).toEqual([]);
  });

  test('what was published before a crash is maintained, whatever the checks for a first publication say', () => {
    const world = new World();
    world.hold(first);
    world.serve(first);
    while (world.writes === 0) world.pass(); // killed right after the UPDATE
    world.lastAttempt = undefined;
    world.hold(renewed);
    world.served = undefined;
    world.secure = false;
    world.settle();
    expect(world.published).toContain(ee(renewed));
  });

  test('an UPDATE whose answer was lost, and that arrives after a withdrawal was asked for, is withdrawn', () => {
    const world = new World();
    world.hold(first);
    world.serve(first);
    while (world.stored.recordSets[0]?.intent === undefined) world.pass();
    world.desired = { ...DESIRED, publish: false };
    expect(stateOf(world, 'RecordsPublished')).toBe('False OutcomeUnknown');
    world.records = publishedWorld(first).records; // it arrives
    world.settle();
    expect([world.published, world.stored.recordSets.flatMap(({ records }) => records)]).toEqual([[], []]);
  });

  test('a record of ours that somebody removed comes back', () => {
    const world = publishedWorld(first);
    world.records = [];
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), ee(first)]);
  });

  test('a new TTL is written once, also when the server lowers it', () => {
    const world = publishedWorld(first);
    const before = world.writes;
    world.desired = { ...DESIRED, ttlSeconds: 7200 };
    world.settle();
    expect([world.writes - before, world.ttlSeconds, world.stored.recordSets[0]?.ttlSeconds]).toEqual([1, 7200, 7200]);
    world.ttlSeconds = 300;
    world.settle();
    expect(world.writes - before).toBe(1);
    world.maxTtlSeconds = 600;
    world.desired = { ...DESIRED, ttlSeconds: 86_400 };
    world.settle();
    expect([world.writes - before, world.ttlSeconds]).toEqual([2, 600]);
    // Senders were asked to keep them for a day.
    expect(world.stored.recordSets[0]?.versions.at(-1)?.ttlSeconds).toBe(86_400);
  });

  test('a new TTL is not given to what others left there, once ours are withdrawn', () => {
    const world = publishedWorld(first);
    world.foreign(FOREIGN);
    world.desired = { ...DESIRED, publish: false };
    world.settle();
    world.desired = { ...world.desired, ttlSeconds: 600 };
    world.settle();
    expect([world.published, world.ttlSeconds]).toEqual([[FOREIGN], 3600]);
  });

  test('a change whose answer was lost, and that arrives after another took its place, is taken back', () => {
    const world = publishedWorld(first);
    const announced = (letter: string) => ({ name: letter, spkiSHA256: letter.repeat(64) });
    world.refuse = transient('PrimaryTimeout', 'no answer');
    world.desired = { ...DESIRED, announcedCAs: [announced('a')] };
    world.settle();
    world.desired = { ...DESIRED, announcedCAs: [announced('b')] };
    world.settle();
    world.foreign(`2 1 1 ${'a'.repeat(64)}`); // it arrives
    world.refuse = undefined;
    world.settle();
    expect(world.published.sort()).toEqual([ta(first), `2 1 1 ${'b'.repeat(64)}`, ee(first)].sort());
  });

  test('a refused write is said, and the intent stays', () => {
    const world = publishedWorld(first);
    world.refuse = stalled('PrimaryRefused', 'the server refuses');
    world.hold(renewed);
    world.settle();
    expect(stateOf(world, 'RecordsPublished')).toBe('False PrimaryRefused');
    expect(world.stored.recordSets[0]?.intent?.add).toEqual([ee(renewed)]);
    world.refuse = undefined;
    expect(stateOf(world, 'RecordsPublished')).toBe('True Published');
  });
});

describe('the end', () => {
  test('a deleted MailServer withdraws its records, then lets go', () => {
    const world = publishedWorld(first);
    world.deleting = true;
    world.settle();
    expect([world.published, world.gone]).toEqual([[], true]);
  });

  test.each<[string, (world: World) => void]>([
    ['deletion: Retain', (world) => (world.desired = { ...DESIRED, deletion: 'Retain' })],
    ['suspend', (world) => (world.desired = { ...DESIRED, suspend: true })],
    [
      'the annotation to abandon, with a dead provider',
      (world) => {
        world.zone = unknown(transient('Timeout', 'dead'));
        world.abandon = true;
      },
    ],
  ])('%s lets go and leaves the records', (_, change) => {
    const world = publishedWorld(first);
    change(world);
    world.deleting = true;
    world.settle();
    expect([world.published.length, world.gone]).toEqual([2, true]);
  });

  test('a dead provider does not let a deleted MailServer go', () => {
    const world = publishedWorld(first);
    world.zone = unknown(transient('Timeout', 'dead'));
    world.deleting = true;
    world.settle();
    expect(world.gone).toBe(false);
  });

  test('unless its records were withdrawn before', () => {
    const world = publishedWorld(first);
    world.desired = { ...DESIRED, publish: false };
    world.settle();
    world.zone = unknown(transient('Timeout', 'dead'));
    world.deleting = true;
    world.settle();
    expect(world.gone).toBe(true);
  });

  test('suspended, nothing changes, and status says what would', () => {
    const world = publishedWorld(first);
    const before = world.writes;
    world.desired = { ...DESIRED, suspend: true };
    world.hold(renewed);
    expect(stateOf(world, 'RecordsPublished')).toBe('False Suspended');
    expect(world.writes).toBe(before);
  });
});

describe('whatever happens', () => {
  type Event = (world: World) => void;
  const events: fc.Arbitrary<Event> = fc.constantFrom<Event[]>(
    (world) => {
      world.hold(first);
    },
    (world) => {
      world.hold(renewed);
    },
    (world) => {
      world.hold(otherCA);
    },
    (world) => {
      world.hold(selfSigned);
    },
    (world) => {
      world.serve(first);
    },
    (world) => {
      world.serve(renewed);
    },
    (world) => {
      world.served = undefined;
    },
    (world) => {
      world.secret = unknown(transient('SecretNotFound', 'gone'));
    },
    (world) => {
      world.lastAttempt = undefined;
    }, // the operator was killed
    (world) => {
      world.foreign(`3 1 1 ${'cd'.repeat(32)}`);
    },
    (world) => {
      world.records = world.records.slice(1);
    },
    (world) => {
      world.desired = { ...world.desired, ttlSeconds: world.desired.ttlSeconds === 3600 ? 1800 : 3600 };
    },
    (world) => {
      world.later(25 * 3_600_000);
    },
    (world) => {
      world.pass();
    },
    (world) => {
      world.pass();
    },
    (world) => {
      world.pass();
    },
  );

  test('the planner comes to rest, and what it then has published strictly accepts every chain in use', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 30 }), (history) => {
        const world = publishedWorld(first);
        for (const event of history) event(world);
        world.settle();
        const ours = world.records.filter((record) => record.data !== 'cd'.repeat(32));
        const inUse = world.stored.certificates.flatMap(({ chains }) => chains).map(({ spkiSHA256 }) => spkiSHA256);
        for (const leaf of [first, renewed, otherCA, selfSigned]) {
          if (inUse.includes(leaf.summary.spkiSHA256))
            expect(judge(ours, leaf.chain, HOST, new Date()).strictlyAccepts).toBe(true);
        }
        expect(world.pass().did).toBe('Nothing');
      }),
      { numRuns: 300 },
    );
  });

  test('a foreign record is there until somebody else removes it', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 20 }), (history) => {
        const world = publishedWorld(first);
        for (const event of history) {
          const had = world.published.some((record) => record.endsWith('cd'.repeat(32)));
          const before = world.writes;
          event(world);
          const lost = had && !world.published.some((record) => record.endsWith('cd'.repeat(32)));
          // Only the event that takes a record away by hand may lose it, and that writes nothing itself.
          if (lost) expect(world.writes).toBe(before);
        }
      }),
      { numRuns: 200 },
    );
  });
});

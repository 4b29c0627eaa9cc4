/** A port that comes, goes or changes in the middle of a wait: what senders hold of each port is waited for, and no longer. */
import { beforeAll, expect, test } from '@jest/globals';
import { known, type Facts, type OwnerFacts } from '../../src/core/facts.ts';
import { plan, type Plan } from '../../src/core/plan.ts';
import { placeOf } from '../../src/core/place.ts';
import type { State } from '../../src/core/state.ts';
import { formatTlsa, union, without, type TlsaRecord } from '../../src/core/tlsa.ts';
import { makeCA } from '../support/pki.ts';
import { DESIRED, HOST, leafOf, World, type Leaf } from '../support/planner-world.ts';

const HOUR = 3_600_000;
/** Two TTLs and a minute, once the server was asked three times over half a minute, first a quarter of a minute after the change. */
const WAIT = 2 * HOUR + 105_000;
/** Of a new port what the first look found is later already than what nobody knows. */
const NEW_WAIT = WAIT - 15_000;

let first: Leaf;
let renewed: Leaf;
beforeAll(async () => {
  const issuing = await makeCA({ name: 'Issuing CA', issuer: await makeCA({ name: 'Root' }) });
  [first, renewed] = [await leafOf(issuing), await leafOf(issuing)];
});

/** Promote, one name server, and a mail server that listens on each port that the spec names. */
class PortsWorld {
  now = Date.now();
  ports: readonly number[] = [25];
  source = first;
  serving = first;
  #stored: State = { certificates: [], recordSets: [] };
  #finalizer = false;
  readonly #zone = new Map<string, readonly TlsaRecord[]>();
  #looks: { readonly at: Date; readonly zone: ReadonlyMap<string, readonly TlsaRecord[]> }[] = [];

  published(port: number): readonly string[] {
    return (this.#zone.get(nameOf(port)) ?? []).map(formatTlsa);
  }

  get served(): string {
    return this.serving === first ? 'first' : 'renewed';
  }

  /** Goes on as the planner asks to be woken, for so long. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const { wakeAt } = this.#settle();
      if (wakeAt === undefined || wakeAt.getTime() > end) break;
      this.now = wakeAt.getTime();
    }
    this.now = end;
    this.#settle();
  }

  #settle(): Plan {
    // What is not named yet is not asked for.
    for (const name of this.#names()) this.#zone.set(name, this.#zone.get(name) ?? []);
    this.#looks = [...this.#looks.slice(-20), { at: new Date(this.now), zone: new Map(this.#zone) }];
    for (let passes = 0; passes < 40; passes++) {
      const next = plan(this.#facts());
      if (JSON.stringify(next.state) !== JSON.stringify(this.#stored))
        this.#stored = JSON.parse(JSON.stringify(next.state)) as State;
      else if (next.effect === undefined) return next;
      else if (next.effect.kind === 'SetFinalizer') this.#finalizer = true;
      else if (next.effect.kind === 'Release') this.serving = this.source;
      else if (next.effect.kind === 'ChangeRecordSets') {
        for (const { owner, remove, add } of next.effect.changes)
          this.#zone.set(owner, union(without(this.#zone.get(owner) ?? [], remove), add));
      }
    }
    throw new Error('the planner does not come to rest');
  }

  #facts(): Facts {
    const base = new World().facts();
    const [owner] = base.owners as readonly [OwnerFacts];
    const [endpoint] = base.endpoints?.known === true ? base.endpoints.value : [];
    if (endpoint === undefined) throw new Error('the world has an endpoint');
    return {
      ...base,
      now: new Date(this.now),
      desired: { ...DESIRED, certificates: [{ secretName: 'tls', servingSecretName: 'live' }] },
      finalizer: this.#finalizer,
      stored: this.#stored,
      secrets: new Map([
        ['tls', known(this.source.summary)],
        ['live', known(this.serving.summary)],
      ]),
      promotions: new Map([['live', { permitted: known(true), withheldBy: [] }]]),
      owners: this.#names().map((name) => {
        const records = this.#zone.get(name) ?? [];
        const answers = this.#looks.flatMap(({ at, zone }) => {
          const records = zone.get(name);
          return records === undefined ? [] : { at, records, ttlSeconds: 3600 };
        });
        return {
          ...owner,
          owner: name,
          port: portOf(name),
          desired: this.ports.includes(portOf(name)),
          current: known({ records, ttlSeconds: records.length > 0 ? 3600 : undefined }),
          servers: known([{ name: 'ns1', state: 'Answers', answers }]),
        };
      }),
      endpoints: known(
        this.ports.map((port) => ({
          ...endpoint,
          port,
          presented: { kind: 'Presented', chain: this.serving.chain, summary: this.serving.summary },
          looks: endpoint.looks.map(() => new Date(this.now)),
        })),
      ),
    };
  }

  #names(): readonly string[] {
    return [...new Set([...this.ports.map(nameOf), ...this.#stored.recordSets.map(({ owner }) => owner)])];
  }

  get remembered(): readonly string[] {
    return this.#stored.recordSets.map(placeOf);
  }
}

const nameOf = (port: number): string => `_${port}._tcp.${HOST}`;
const portOf = (name: string): number => Number(/^_(\d+)/.exec(name)?.[1]);

/** Published and served long ago on these ports; a renewal waits since an hour. */
function waiting(...ports: readonly number[]): PortsWorld {
  const world = new PortsWorld();
  world.ports = ports;
  world.pass(72 * HOUR);
  world.source = renewed;
  world.pass(HOUR);
  expect(world.served).toBe('first');
  return world;
}

const both = () => expect.arrayContaining([first, renewed].map(({ summary }) => `3 1 1 ${summary.spkiSHA256}`));

test.each<[string, readonly number[], readonly number[], number]>([
  ['nothing changes', [25], [25], WAIT - HOUR],
  ['a port is added: what may be remembered of it counts from now', [25], [25, 587], NEW_WAIT],
  ['a port is removed: what was published there is waited for all the same', [25, 587], [25], WAIT - HOUR],
  ['a port is replaced', [25, 465], [25, 587], NEW_WAIT],
  ['the only port is replaced', [25], [465], NEW_WAIT],
])('%s', (_what, before, after, left) => {
  const world = waiting(...before);
  world.ports = after;
  world.pass(left - 1000);
  expect(world.served).toBe('first');
  for (const port of after) expect(world.published(port)).toEqual(both());
  for (const port of before.filter((one) => !after.includes(one))) expect(world.published(port)).toEqual([]);
  world.pass(2000);
  expect(world.served).toBe('renewed');
  world.pass(72 * HOUR);
  expect(world.remembered).toHaveLength(after.length);
});

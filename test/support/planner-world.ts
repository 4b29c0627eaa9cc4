/** A small world for the planner: one owner, one zone, one endpoint. It does what an effect says, and nothing else. */
import { parseChain, type Chain } from '../../src/core/certificate.ts';
import { summarize, type ChainSummary } from '../../src/core/chain-summary.ts';
import { transient, type OperatorError } from '../../src/core/errors.ts';
import {
  known,
  unknown,
  type Desired,
  type Facts,
  type Known,
  type OwnerFacts,
  type Renewal,
} from '../../src/core/facts.ts';
import { plan, type Plan } from '../../src/core/plan.ts';
import { isBlank, type State } from '../../src/core/state.ts';
import { formatTlsa, parseTlsa, union, without, type TlsaRecord } from '../../src/core/tlsa.ts';
import { makeLeaf, type Issued } from './pki.ts';

export const OWNER = '_25._tcp.mx1.example.nl';
export const HOST = 'mx1.example.nl';

export const DESIRED: Desired = {
  certificates: [{ secretName: 'mx1-tls' }],
  ttlSeconds: 3600,
  records: ['3 1 1', '2 1 1'],
  publish: true,
  adoption: 'Keep',
  deletion: 'Withdraw',
  suspend: false,
  announcedCAs: [],
  compromisedKeys: [],
  waitTTLs: 2,
  retireAfterMs: 24 * 3_600_000,
  deadlineBeforeExpiryMs: 72 * 3_600_000,
  onDeadline: 'Release',
  dnssec: 'Require',
  probe: 'Enabled',
};

export interface Leaf {
  readonly chain: Chain;
  readonly summary: ChainSummary;
}

export async function leafOf(
  issuer?: Issued,
  options: { readonly notBefore?: Date; readonly notAfter?: Date; readonly names?: string[] } = {},
): Promise<Leaf> {
  const chain = parseChain(
    (await makeLeaf({ names: [HOST], ...(issuer === undefined ? {} : { issuer }), ...options })).chainPem,
  );
  return { chain, summary: summarize(chain) };
}

export class World {
  /** The certificates of the tests are made now. */
  now = Date.now();
  desired: Desired = DESIRED;
  deleting = false;
  abandon = false;
  finalizer = false;
  gone = false;
  stored: State = { certificates: [], recordSets: [] };
  secret: Known<ChainSummary> = unknown(transient('SecretNotFound', 'no Secret'));
  secretName = 'mx1-tls';
  /** What the endpoint presents; undefined: it does not answer. */
  served: Chain | undefined;
  zone: Known<string> = known('example.nl');
  /** Why the primary cannot be asked what it holds. */
  unreadable: OperatorError | undefined;
  secure = true;
  records: TlsaRecord[] = [];
  /** The zone that the owner has left, and what it holds. */
  former:
    | { readonly zone: string; readonly left: NonNullable<OwnerFacts['left']>; records: readonly TlsaRecord[] }
    | undefined;
  ttlSeconds = 0;
  /** What the server makes of a higher one. */
  maxTtlSeconds = Infinity;
  lastAttempt: 'Applied' | OperatorError | undefined;
  /** What the server says to the next write. */
  refuse: OperatorError | undefined;
  writes = 0;
  looked = true;
  probesItsHost = true;
  clockSkewMs = 0;
  /** What Certificates say, by the Secret that they fill. */
  renewals: ReadonlyMap<string, Renewal> = new Map();
  /** How often the operator has looked at the endpoint just now. */
  looks = 12;

  hold(leaf: Leaf): void {
    this.secret = known(leaf.summary);
  }

  serve(leaf: Leaf): void {
    this.served = leaf.chain;
  }

  facts(): Facts {
    return {
      now: new Date(this.now),
      desired: this.desired,
      deleting: this.deleting,
      abandon: this.abandon,
      finalizer: this.finalizer,
      stored: this.stored,
      statusLost: this.finalizer && isBlank(this.stored),
      secrets: new Map([[this.secretName, this.secret]]),
      requests: new Map(),
      promotions: new Map(),
      renewals: this.renewals,
      specProblems: [],
      clockSkewMs: this.clockSkewMs,
      provider: this.zone.known ? known(true) : this.zone,
      owners: [
        {
          owner: OWNER,
          hostname: HOST,
          port: 25,
          desired: true,
          provider: 'DNSProvider/bind',
          zone: this.zone,
          current:
            this.unreadable === undefined
              ? known({ records: this.records, ttlSeconds: this.records.length > 0 ? this.ttlSeconds : undefined })
              : unknown(this.unreadable),
          lastAttempt: this.lastAttempt,
          security: known({ secure: this.secure }),
          lagging: known(undefined),
        },
        ...this.#formerOwner(),
      ],
      endpoints: !this.looked
        ? undefined
        : known([
            {
              hostname: this.probesItsHost ? HOST : `other.${HOST}`,
              address: '192.0.2.25',
              port: 25,
              keyAlgorithm: 'ECDSA',
              presented:
                this.served === undefined
                  ? { kind: 'Failed', error: 'ConnectionRefused', message: 'no server listens' }
                  : { kind: 'Presented', chain: this.served, summary: summarize(this.served) },
              looks: Array.from({ length: this.looks }, () => new Date(this.now)),
            },
          ]),
    };
  }

  #formerOwner(): OwnerFacts[] {
    if (this.former === undefined) return [];
    const { zone, left, records } = this.former;
    return [
      {
        owner: OWNER,
        hostname: HOST,
        port: 25,
        desired: false,
        left,
        provider: 'DNSProvider/bind',
        zone: known(zone),
        current: known({ records, ttlSeconds: records.length > 0 ? this.ttlSeconds : undefined }),
        lastAttempt: undefined,
        security: unknown(transient('NotLookedUp', 'nobody asked')),
        lagging: known(undefined),
      },
    ];
  }

  /** One pass, as the operator does it: record what is not stored, else act. */
  pass(): { readonly plan: Plan; readonly did: 'Recorded' | 'Acted' | 'Nothing' } {
    const next = plan(this.facts());
    if (JSON.stringify(next.state) !== JSON.stringify(this.stored)) {
      this.stored = JSON.parse(JSON.stringify(next.state)) as State;
      return { plan: next, did: 'Recorded' };
    }
    if (next.effect === undefined) {
      this.lastAttempt = undefined;
      return { plan: next, did: 'Nothing' };
    }
    switch (next.effect.kind) {
      case 'SetFinalizer':
        this.finalizer = true;
        break;
      case 'Release':
        throw new Error('nothing is released in this world');
      case 'RemoveFinalizer':
        this.finalizer = false;
        this.gone = true;
        break;
      case 'ChangeRecordSets':
        for (const change of next.effect.changes) {
          if (this.refuse !== undefined) {
            this.lastAttempt = this.refuse;
            continue;
          }
          this.writes += 1;
          if (change.zone === this.former?.zone) {
            this.former.records = union(without(this.former.records, change.remove), change.add);
            continue;
          }
          this.records = union(without(this.records, change.remove), change.add);
          this.ttlSeconds = Math.min(change.ttlSeconds, this.maxTtlSeconds);
          this.lastAttempt = 'Applied';
        }
    }
    return { plan: next, did: 'Acted' };
  }

  /** Passes until nothing is to be done. */
  settle(): Plan {
    for (let passes = 0; passes < 20; passes++) {
      const { plan: last, did } = this.pass();
      if (did === 'Nothing' || this.gone || (did === 'Acted' && this.refuse !== undefined)) return last;
    }
    throw new Error('the planner does not come to rest');
  }

  get published(): string[] {
    return this.records.map(formatTlsa);
  }

  foreign(text: string): void {
    this.records = union(this.records, [parseTlsa(text)]);
  }

  later(ms: number): void {
    this.now += ms;
  }
}

/**
 * Servers that deny the name right above an owner, `_tcp.<host>`: nothing stands there, but the owner is below it, so the answer is NOERROR
 * without records (RFC 8020 §2). It changes with the server's software, or with how the zone was made: seldom.
 */
import { parentOf, ROOT, type Name } from '../core/name.ts';
import { askServer } from '../dns/ask-server.ts';
import { Rcode } from '../dns/constants.ts';
import type { ServerSample } from '../dns/servers.ts';

/** So long it holds that nobody does: there may be thousands of hosts. */
const MEMORY_MS = 24 * 60 * 60_000;

export class EmptyNonTerminals {
  readonly #now: () => number;
  /** By the name above owners: when nobody denied it; milliseconds since 1970. */
  readonly #well = new Map<Name, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The servers that answered records at the owner, and say that the name above it does not exist. */
  async deniedBy(owner: Name, samples: readonly ServerSample[]): Promise<readonly Name[]> {
    const above = parentOf(owner) ?? ROOT;
    if (this.#now() - (this.#well.get(above) ?? -Infinity) < MEMORY_MS) return [];
    const servers = await Promise.all(
      samples.map(async ({ name, outcomes }) => {
        const having = [...outcomes].filter(([, outcome]) => typeof outcome !== 'string' && outcome.records.length > 0);
        const replies = await Promise.all(having.map(([address]) => askServer(address, above, 'TLSA')));
        return {
          name,
          isDenying: replies.some((reply) => reply.kind === 'Authority' && reply.message.rcode === Rcode.NXDomain),
          isWell: replies.every(({ kind }) => kind === 'Authority'),
        };
      }),
    );
    const denying = servers.filter(({ isDenying }) => isDenying).map(({ name }) => name);
    if (denying.length === 0 && servers.every(({ isWell }) => isWell)) this.#well.set(above, this.#now());
    return denying;
  }

  forget(owner: Name): void {
    this.#well.delete(parentOf(owner) ?? ROOT);
  }
}

/**
 * Natural batching: while one request for a zone is under way, the changes that come gather, and go together in the next one. Nothing
 * waits for a timer, and 10,000 MailServers do not make 10,000 requests.
 */
import type { Change, ChangeResult, DnsProvider, Zone } from './provider.ts';

/** No one waits behind more changes than this for the result of a request that is done. */
const MAX_BATCH = 100;

interface Waiting {
  readonly change: Change;
  readonly resolve: (result: ChangeResult) => void;
  readonly reject: (reason: unknown) => void;
}

/** One of these is shared by all that write through one provider. */
export class ZoneWriter {
  readonly #provider: Pick<DnsProvider, 'change'>;
  /** What waits for each zone that has a request under way. */
  readonly #queues = new Map<string, Waiting[]>();

  constructor(provider: Pick<DnsProvider, 'change'>) {
    this.#provider = provider;
  }

  /** One change, with its own result; rejects as `DnsProvider.change` does. */
  write(zone: Zone, change: Change): Promise<ChangeResult> {
    return new Promise((resolve, reject) => {
      const key = `${zone.name} ${zone.id ?? ''}`;
      const waiting = { change, resolve, reject };
      const queue = this.#queues.get(key);
      if (queue === undefined) void this.#drain(key, zone, [waiting]);
      else queue.push(waiting);
    });
  }

  async #drain(key: string, zone: Zone, queue: Waiting[]): Promise<void> {
    this.#queues.set(key, queue);
    while (queue.length > 0) await this.#send(zone, takeBatch(queue));
    this.#queues.delete(key);
  }

  async #send(zone: Zone, batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#provider.change(
        zone,
        batch.map(({ change }) => change),
      );
      for (const [index, { resolve, reject }] of batch.entries()) {
        const result = results[index];
        if (result === undefined) reject(new Error('the provider gave fewer results than it was given changes'));
        else resolve(result);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

/** Takes what can go together: one change an owner, since all are judged by what was there before. */
function takeBatch(queue: Waiting[]): Waiting[] {
  const owners = new Set<string>();
  let end = 0;
  for (const { change } of queue) {
    if (end === MAX_BATCH || owners.has(change.owner)) break;
    owners.add(change.owner);
    end++;
  }
  return queue.splice(0, end);
}

/**
 * Natural batching: while one request for a zone is under way, the changes that come gather, and go together in the next one. Nothing
 * waits for a timer, and 10,000 MailServers do not make 10,000 requests.
 */
import type { Change, ChangeResult, DnsProvider, Zone } from './provider.ts';

/** One of these is shared by all that write through one provider. */
export interface ZoneWriter {
  /** One change, with its own result; rejects as `DnsProvider.change` does. */
  write(zone: Zone, change: Change): Promise<ChangeResult>;
}

/** No one waits behind more changes than this for the result of a request that is done. */
const MAX_BATCH = 100;

interface Waiting {
  readonly change: Change;
  readonly resolve: (result: ChangeResult) => void;
  readonly reject: (reason: unknown) => void;
}

export function createZoneWriter(provider: Pick<DnsProvider, 'change'>): ZoneWriter {
  /** What waits for each zone that has a request under way. */
  const queues = new Map<string, Waiting[]>();

  const send = async (zone: Zone, batch: readonly Waiting[]): Promise<void> => {
    try {
      const results = await provider.change(
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
  };

  const drain = async (key: string, zone: Zone, queue: Waiting[]): Promise<void> => {
    queues.set(key, queue);
    while (queue.length > 0) await send(zone, takeBatch(queue));
    queues.delete(key);
  };

  return {
    write: (zone, change) =>
      new Promise((resolve, reject) => {
        const key = `${zone.name} ${zone.id ?? ''}`;
        const waiting = { change, resolve, reject };
        const queue = queues.get(key);
        if (queue === undefined) void drain(key, zone, [waiting]);
        else queue.push(waiting);
      }),
  };
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

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

/** No one waits behind more than this for the result of a change that is done. */
const MAX_BATCH = 100;

interface Waiting {
  readonly zone: Zone;
  readonly change: Change;
  readonly resolve: (result: ChangeResult) => void;
  readonly reject: (reason: unknown) => void;
}

export function createZoneWriter(provider: Pick<DnsProvider, 'change'>): ZoneWriter {
  /** Present while a request for the zone is under way. */
  const queues = new Map<string, Waiting[]>();

  const send = async (batch: readonly [Waiting, ...Waiting[]]): Promise<void> => {
    try {
      const results = await provider.change(
        batch[0].zone,
        batch.map(({ change }) => change),
      );
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index];
        if (result === undefined) reject(new Error('the provider gave fewer results than it was given changes'));
        else resolve(result);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };

  const drain = async (key: string, queue: Waiting[]): Promise<void> => {
    for (let batch = nextBatch(queue); batch !== undefined; batch = nextBatch(queue)) await send(batch);
    queues.delete(key);
  };

  return {
    write: (zone, change) =>
      new Promise((resolve, reject) => {
        const key = `${zone.name} ${zone.id ?? ''}`;
        const waiting = { zone, change, resolve, reject };
        const queue = queues.get(key);
        if (queue !== undefined) {
          queue.push(waiting);
          return;
        }
        const started = [waiting];
        queues.set(key, started);
        void drain(key, started);
      }),
  };
}

/** Takes from the queue what can go together: one change an owner, since all are judged by what is there before. */
function nextBatch(queue: Waiting[]): [Waiting, ...Waiting[]] | undefined {
  const batch: Waiting[] = [];
  const owners = new Set<string>();
  for (const waiting of queue) {
    if (batch.length === MAX_BATCH || owners.has(waiting.change.owner)) break;
    owners.add(waiting.change.owner);
    batch.push(waiting);
  }
  queue.splice(0, batch.length);
  const [first, ...others] = batch;
  return first && [first, ...others];
}

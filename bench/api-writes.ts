/** Writes to the API server, as it counts them itself. */
import type { BenchSite } from './bench-site.ts';

export interface Writes {
  readonly status: number;
  readonly finalizers: number;
  readonly events: number;
}

export async function writes({ kubectl }: BenchSite): Promise<Writes> {
  const metrics = await kubectl('get', '--raw', '/metrics');
  const sum = (...labels: readonly string[]): number =>
    metrics
      .split('\n')
      .filter((line) => line.startsWith('apiserver_request_total{') && labels.every((label) => line.includes(label)))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  return {
    status: sum('resource="mailservers"', 'subresource="status"', 'verb="PUT"'),
    finalizers: sum('resource="mailservers"', 'subresource=""', 'verb="PATCH"'),
    events: sum('resource="events"', 'verb="POST"'),
  };
}

export function since(before: Writes, after: Writes): Writes {
  return {
    status: after.status - before.status,
    finalizers: after.finalizers - before.finalizers,
    events: after.events - before.events,
  };
}

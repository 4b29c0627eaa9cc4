/** Writes to the API server, and what they cost it, as it counts itself. */
import type { BenchSite } from './bench-site.ts';

export interface Writes {
  readonly status: number;
  readonly finalizers: number;
  readonly events: number;
  /** Of the API server, so far. */
  readonly cpuSeconds: number;
}

export async function writes({ kubectl }: BenchSite): Promise<Writes> {
  const metrics = await kubectl('get', '--raw', '/metrics');
  const lines = metrics.split('\n');
  const total = (wanted: readonly string[]): number =>
    wanted.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  const sum = (...labels: readonly string[]): number =>
    total(
      lines.filter(
        (line) => line.startsWith('apiserver_request_total{') && labels.every((label) => line.includes(label)),
      ),
    );
  return {
    status: sum('resource="mailservers"', 'subresource="status"', 'verb="PUT"'),
    finalizers: sum('resource="mailservers"', 'subresource=""', 'verb="PATCH"'),
    events: sum('resource="events"', 'verb="POST"'),
    cpuSeconds: total(lines.filter((line) => line.startsWith('process_cpu_seconds_total '))),
  };
}

export function since(before: Writes, after: Writes): Writes {
  return {
    status: after.status - before.status,
    finalizers: after.finalizers - before.finalizers,
    events: after.events - before.events,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
  };
}

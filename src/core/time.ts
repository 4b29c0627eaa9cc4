/** RFC 3339 in UTC, whole seconds: how a time stands in status, in messages and in JSON output. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

export const MINUTE_MS = 60_000;

/** A duration as cert-manager reads it, in whole minutes, rounded down: `2h3m`. */
export function formatMinutes(ms: number): string {
  const minutes = Math.floor(ms / MINUTE_MS);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return `${hours === 0 ? '' : `${hours}h`}${hours !== 0 && rest === 0 ? '' : `${rest}m`}`;
}

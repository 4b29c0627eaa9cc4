/** RFC 3339 in UTC, whole seconds: how a time stands in status, in messages and in JSON output. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

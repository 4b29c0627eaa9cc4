import type { MailServer } from '../api/mail-server.ts';

/** Flux's way to ask for a pass (`flux reconcile`), also without Flux; as much of it as status can echo. */
export function requestedAt({ metadata }: MailServer): string | undefined {
  return metadata.annotations?.['reconcile.fluxcd.io/requestedAt']?.slice(0, 256);
}

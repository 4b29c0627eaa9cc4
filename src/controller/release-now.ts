import type { MailServer } from '../api/mail-server.ts';

/** By hand, at once: SHA-256 of the SPKI of the certificate that waits, 64 lower-case hexadecimal digits. */
export const RELEASE_NOW = 'tlsa-operator.io/release-now';

export function releaseNowOf({ metadata }: MailServer): string | undefined {
  return metadata.annotations?.[RELEASE_NOW];
}

/** It names no certificate that waits or is served: it came too late, from Git, or was mistyped. */
export function isReleaseNowVain(mailServer: MailServer): boolean {
  const key = releaseNowOf(mailServer);
  if (key === undefined) return false;
  const chains = (mailServer.status.certificates ?? []).flatMap((certificate) => certificate.chains);
  return !chains.some(({ state, spkiSHA256 }) => spkiSHA256 === key && state !== 'Dropped');
}

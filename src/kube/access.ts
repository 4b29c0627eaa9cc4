import type { ConnectionOptions } from 'node:tls';

/** Where the API server is, and who we are there. */
export interface Access {
  /** `https://host:port` */
  readonly server: string;
  /** As they are now: tokens and certificates are rotated. Rejects where they cannot be read. */
  readonly credentials: () => Promise<Credentials>;
}

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: ConnectionOptions;
}

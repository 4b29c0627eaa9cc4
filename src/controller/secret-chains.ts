/**
 * The certificate chains that Secrets hold. A Secret is watched as metadata and read when its resourceVersion changes; of what is read
 * only public facts are kept (no key is ever looked at).
 */
import { parseChain } from '../core/certificate.ts';
import { summarize, type ChainSummary } from '../core/chain-summary.ts';
import { OperatorError, transient } from '../core/errors.ts';
import { known, unknown, type Known } from '../core/facts.ts';
import { objectKey, type ObjectKey, type PartialObject, type Secret } from '../kube/resource.ts';
import type { Store } from '../kube/store.ts';

export type ReadSecret = (namespace: string, name: string) => Promise<Secret | undefined>;

export class SecretChains {
  readonly #watched: Store<PartialObject>;
  readonly #read: ReadSecret;
  readonly #chains = new Map<ObjectKey, { readonly resourceVersion: string; readonly chain: Known<ChainSummary> }>();

  constructor(watched: Store<PartialObject>, read: ReadSecret) {
    this.#watched = watched;
    this.#read = read;
    watched.subscribe(({ old, object }) => {
      if (old !== undefined && object === undefined)
        this.#chains.delete(objectKey(old.metadata.namespace, old.metadata.name));
    });
  }

  /** Errors: `SecretNotFound`, `SecretUnreadable` (the API server did not answer), `CertificateMissing`, and those of parseChain. */
  async chainOf(namespace: string, name: string): Promise<Known<ChainSummary>> {
    const key = objectKey(namespace, name);
    const watched = this.#watched.get(key);
    if (watched === undefined) return notFound(key);
    const { resourceVersion } = watched.metadata;
    const cached = this.#chains.get(key);
    if (cached?.resourceVersion === resourceVersion) return cached.chain;
    try {
      const secret = await this.#read(namespace, name);
      if (secret === undefined) return notFound(key);
      const chain = chainIn(secret, key);
      this.#chains.set(key, { resourceVersion: secret.metadata.resourceVersion, chain });
      return chain;
    } catch (error) {
      return unknown(
        transient('SecretUnreadable', `Secret ${key} could not be read from the API server; it is tried again`, {
          cause: error,
        }),
      );
    }
  }
}

function notFound(key: ObjectKey): Known<never> {
  return unknown(
    transient(
      'SecretNotFound',
      `there is no Secret ${key} of type kubernetes.io/tls (yet); cert-manager makes it when the Certificate is issued`,
    ),
  );
}

function chainIn(secret: Secret, key: ObjectKey): Known<ChainSummary> {
  const encoded = secret.data?.['tls.crt'];
  if (encoded === undefined || encoded === '') {
    return unknown(transient('CertificateMissing', `Secret ${key} has no tls.crt (yet)`));
  }
  try {
    return known(summarize(parseChain(Buffer.from(encoded, 'base64').toString('latin1'))));
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return unknown(new OperatorError(error.kind, error.code, `Secret ${key}, tls.crt: ${error.message}`));
  }
}

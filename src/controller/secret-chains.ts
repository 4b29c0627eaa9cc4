/**
 * The certificate chains that Secrets hold. A Secret is watched as metadata and read when its resourceVersion changes; of what is read
 * only public facts are kept. The private key is looked at once, to see that it fits.
 */
import { parseChain, type Chain } from '../core/certificate.ts';
import { summarize, type ChainSummary } from '../core/chain-summary.ts';
import { OperatorError, stalled, transient } from '../core/errors.ts';
import { known, unknown, type Known } from '../core/facts.ts';
import { isTemporary, keyFits } from '../core/secret-pair.ts';
import { objectKey, type ObjectKey, type PartialObject, type Secret } from '../kube/resource.ts';
import { Shared } from '../kube/shared.ts';
import type { Store } from '../kube/store.ts';

export type ReadSecret = (namespace: string, name: string) => Promise<Secret | undefined>;

export class SecretChains {
  readonly #watched: Store<PartialObject>;
  readonly #read: ReadSecret;
  /** Most have their CAs in common. */
  readonly #shared = new Shared();
  readonly #chains = new Map<ObjectKey, { readonly resourceVersion: string; readonly chain: Known<ChainSummary> }>();

  constructor(watched: Store<PartialObject>, read: ReadSecret) {
    this.#watched = watched;
    this.#read = read;
    watched.subscribe(({ old, object }) => {
      if (old !== undefined && object === undefined)
        this.#chains.delete(objectKey(old.metadata.namespace, old.metadata.name));
    });
  }

  /** Errors: `SecretNotFound`, `SecretUnreadable` (the API server did not answer), `CertificateMissing`, `TemporaryCertificate`, `KeyDoesNotFit`, and those of parseChain. */
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
      const chain = this.#shared.of(chainIn(secret, key));
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

/** Errors: as `SecretChains.chainOf`. */
export function chainIn(secret: Secret, key: ObjectKey): Known<ChainSummary> {
  const encoded = secret.data?.['tls.crt'];
  if (encoded === undefined || encoded === '') {
    return unknown(transient('CertificateMissing', `Secret ${key} has no tls.crt (yet)`));
  }
  try {
    const chain = parseChain(decode(encoded));
    const problem = chainProblem(chain, secret, key);
    return problem === undefined ? known(summarize(chain)) : unknown(problem);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return unknown(new OperatorError(error.kind, error.code, `Secret ${key}, tls.crt: ${error.message}`));
  }
}

/** Why what can be read is not to be published. */
function chainProblem(chain: Chain, secret: Secret, key: ObjectKey): OperatorError | undefined {
  if (isTemporary(chain)) {
    return transient(
      'TemporaryCertificate',
      `Secret ${key} holds the certificate that cert-manager puts there until the real one is issued; it is not published`,
    );
  }
  const privateKey = secret.data?.['tls.key'];
  if (privateKey !== undefined && !isKeyOf(chain, privateKey)) {
    return stalled(
      'KeyDoesNotFit',
      `Secret ${key}: tls.key is not the key of the certificate in tls.crt, so no server can use it; put the right pair there`,
    );
  }
  return undefined;
}

function isKeyOf(chain: Chain, base64: string): boolean {
  const pem = Buffer.from(base64, 'base64');
  try {
    return keyFits(chain, pem);
  } finally {
    pem.fill(0);
  }
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1');
}

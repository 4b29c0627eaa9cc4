/** Promote: what the source Secret holds goes into the one that pods mount. The only place that writes Secrets. */
import { isDeepStrictEqual } from 'node:util';
import type { MailServer } from '../api/mail-server.ts';
import { sameLeaf } from '../core/chain-summary.ts';
import { stalled } from '../core/errors.ts';
import type { CopySecret } from '../core/effect.ts';
import { ApiError } from '../kube/api-error.ts';
import type { NewObject, WriteResult } from '../kube/objects.ts';
import { keyOf, objectKey, type Secret } from '../kube/resource.ts';
import { chainIn, type ReadSecret } from './secret-chains.ts';
import { isServingFor, permitsCopy, SERVING_FOR, servingFor } from './secret-pairs.ts';
import type { SecretPair } from './objects.ts';

export interface SecretWriter {
  readonly read: ReadSecret;
  readonly create: (secret: NewObject<Secret>) => Promise<WriteResult<Secret>>;
  readonly replace: (secret: Secret) => Promise<WriteResult<Secret>>;
}

const TLS = 'kubernetes.io/tls';
/** All that is copied. */
const COPIED = ['tls.crt', 'tls.key', 'ca.crt'];

/**
 * Writes if both Secrets still hold what the release was planned from; `Changed`: they do not, look again. The private key is held for
 * no longer than this call.
 * @param sharers the MailServers for which it is written
 * @throws OperatorError `PromoteForbidden`, `ServingSecretUnusable`, or that the API server failed
 */
export async function releaseSecret(
  mailServer: MailServer,
  effect: CopySecret,
  sharers: readonly string[],
  { read, create, replace }: SecretWriter,
): Promise<'Released' | 'Changed'> {
  const { namespace } = mailServer.metadata;
  const { secretName, servingSecretName, replaces } = effect;
  const source = await read(namespace, secretName);
  if (source === undefined || !isPlanned(source, mailServer, effect)) return 'Changed';
  const data = Object.fromEntries(Object.entries(source.data ?? {}).filter(([name]) => COPIED.includes(name)));
  const serving = await read(namespace, servingSecretName);
  if (serving === undefined) {
    if (replaces !== undefined) return 'Changed';
    const metadata = {
      namespace,
      name: servingSecretName,
      labels: { 'app.kubernetes.io/managed-by': 'tlsa-operator' },
      annotations: { [SERVING_FOR]: sharers.join(',') },
    };
    return written('create', effect, namespace, () =>
      create({ apiVersion: 'v1', kind: 'Secret', type: TLS, metadata, data }),
    );
  }
  refuseUnusable(serving);
  if (!isServingFor(serving, sharers) || leafKeyOf(serving) !== replaces) return 'Changed';
  return written('update', effect, namespace, () => replace({ ...named(serving, sharers), data }));
}

/**
 * Says at once on the serving Secret that it is for all of them: when the one for which it was made is gone, the others go on.
 * @throws OperatorError as `releaseSecret`
 */
export async function nameSharers(
  { metadata: { namespace } }: MailServer,
  pair: SecretPair,
  sharers: readonly string[],
  { read, replace }: Pick<SecretWriter, 'read' | 'replace'>,
): Promise<void> {
  const serving = await read(namespace, pair.servingSecretName);
  if (serving === undefined || !isServingFor(serving, sharers)) return;
  await written('update', pair, namespace, () => replace(named(serving, sharers)));
}

/** Who is named stays so. */
function named(serving: Secret, sharers: readonly string[]): Secret {
  const names = [...new Set([...servingFor(serving), ...sharers])].join(',');
  const annotations = { ...serving.metadata.annotations, [SERVING_FOR]: names };
  return { ...serving, metadata: { ...serving.metadata, annotations } };
}

/** Is it the candidate that status has, the very same certificate and CAs, with its key? */
function isPlanned(source: Secret, { status }: MailServer, effect: CopySecret): boolean {
  const chain = chainIn(source, keyOf(source));
  const candidate = status.certificates
    ?.find(({ secretName }) => secretName === effect.secretName)
    ?.chains.find(({ state, spkiSHA256 }) => state === 'Candidate' && spkiSHA256 === effect.spkiSHA256);
  if (!chain.known || candidate === undefined || !permitsCopy(source, effect)) return false;
  return sameLeaf(chain.value, candidate) && isDeepStrictEqual(chain.value.caSPKISHA256s, candidate.caSPKISHA256s);
}

/** Undefined where there is no certificate; one that cannot be read is none that was planned from. */
function leafKeyOf(serving: Secret): string | undefined {
  const chain = chainIn(serving, keyOf(serving));
  if (chain.known) return chain.value.spkiSHA256;
  return chain.error.code === 'CertificateMissing' ? undefined : chain.error.code;
}

function refuseUnusable(serving: Secret): void {
  const problem =
    serving.type !== TLS ? `is not of type ${TLS}` : serving.immutable === true ? 'is immutable' : undefined;
  if (problem === undefined) return;
  throw stalled(
    'ServingSecretUnusable',
    `Secret ${keyOf(serving)} ${problem}, so it cannot be written; delete it when no pod needs it (the operator makes it anew), or choose another servingSecretName`,
  );
}

async function written(
  verb: 'create' | 'update',
  { servingSecretName }: SecretPair,
  namespace: string,
  write: () => Promise<WriteResult<Secret>>,
): Promise<'Released' | 'Changed'> {
  try {
    return (await write()).outcome === 'Written' ? 'Released' : 'Changed';
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    throw stalled(
      'PromoteForbidden',
      `the operator may not ${verb} Secret ${objectKey(namespace, servingSecretName)}; apply deploy/promote/role.yaml to namespace ${namespace}, with ${servingSecretName} in its resourceNames`,
      { cause: error },
    );
  }
}

/** Releases as they are made, and why the last one into each serving Secret failed; it lives as long as the process. */
import type { MailServer } from '../api/mail-server.ts';
import { OperatorError } from '../core/errors.ts';
import type { CompleteRequest, ReleaseEffect } from '../core/effect.ts';
import { keyOf, objectKey, type ObjectKey } from '../kube/resource.ts';
import type { Logger } from '../observe/log.ts';
import type { PromotionSources } from './promotions.ts';
import { nameSharers, releaseSecret, type SecretWriter } from './release-secret.ts';
import { servingKeyOf, sharersOf } from './secret-pairs.ts';
import { pairsOf } from './objects.ts';

/** `Done`: written, or what it was planned from has changed; the news of it is on its way. `FailedAgain`: as the last time. */
export type ReleaseResult = 'Done' | 'Failed' | 'FailedAgain';

/** Gate: hands what the issuer answered over to cert-manager. */
type Complete = (mailServer: MailServer, effect: CompleteRequest) => Promise<'Released' | 'Changed'>;

export class Releases {
  readonly #writer: SecretWriter;
  readonly #mailServers: PromotionSources['mailServers'];
  readonly #complete: Complete;
  readonly #log: Logger;
  readonly #errors = new Map<ObjectKey, OperatorError>();

  constructor(writer: SecretWriter, complete: Complete, mailServers: PromotionSources['mailServers'], log: Logger) {
    this.#writer = writer;
    this.#complete = complete;
    this.#mailServers = mailServers;
    this.#log = log;
  }

  lastError(serving: ObjectKey): OperatorError | undefined {
    return this.#errors.get(serving);
  }

  /** The worst of them. */
  async release(mailServer: MailServer, effects: readonly ReleaseEffect[]): Promise<ReleaseResult> {
    const results = await Promise.all(effects.map((effect) => this.#one(mailServer, effect)));
    return (['Failed', 'FailedAgain'] as const).find((result) => results.includes(result)) ?? 'Done';
  }

  /** Why it failed is told by the next release: until then nothing depends on it. */
  async nameSharers(mailServer: MailServer, servingSecretNames: readonly string[]): Promise<void> {
    const pairs = pairsOf(mailServer).filter(({ servingSecretName }) => servingSecretNames.includes(servingSecretName));
    for (const pair of pairs) {
      const sharers = sharersOf(pair, mailServer, this.#mailServers);
      try {
        await nameSharers(mailServer, pair, sharers, this.#writer);
        this.#log.info({ serving: servingKeyOf(mailServer, pair), sharers }, 'named those that share a Secret');
      } catch (err) {
        if (!(err instanceof OperatorError)) throw err;
        this.#log.warn(
          { serving: servingKeyOf(mailServer, pair), err },
          'those that share a Secret were not named on it',
        );
      }
    }
  }

  async #one(mailServer: MailServer, effect: ReleaseEffect): Promise<ReleaseResult> {
    const serving = objectKey(mailServer.metadata.namespace, servingNameOf(effect));
    const told = { mailServer: keyOf(mailServer), serving, spkiSHA256: effect.spkiSHA256 };
    try {
      const outcome = await this.#release(mailServer, effect);
      this.#errors.delete(serving);
      if (outcome === 'Released') this.#log.info(told, 'released a certificate');
      return 'Done';
    } catch (err) {
      if (!(err instanceof OperatorError)) throw err;
      this.#log.warn({ ...told, err }, 'a certificate was not released');
      const before = this.#errors.get(serving);
      this.#errors.set(serving, err);
      return before?.code === err.code ? 'FailedAgain' : 'Failed';
    }
  }

  #release(mailServer: MailServer, effect: ReleaseEffect): Promise<'Released' | 'Changed'> {
    if (effect.kind === 'CompleteRequest') return this.#complete(mailServer, effect);
    return releaseSecret(mailServer, effect, sharersOf(effect, mailServer, this.#mailServers), this.#writer);
  }
}

function servingNameOf(effect: ReleaseEffect): string {
  return effect.kind === 'CopySecret' ? effect.servingSecretName : effect.secretName;
}

/** What gets into the Secrets that pods mount, and since when something waits to get there. */
import type { CopySecret } from '../../src/core/effect.ts';
import type { ModelChain } from './chains.ts';
import type { Exception } from './checker.ts';
import type { Certificate } from './cluster.ts';
import { exceptionFor } from './exceptions.ts';
import type { World } from './world.ts';

export class Serving {
  readonly #world: World;
  readonly #waitingSince = new Map<string, number>();
  readonly #served = new Map<string, ModelChain>();
  #rebuiltAt = -Infinity;

  constructor(world: World) {
    this.#world = world;
  }

  /** A chain is known, and is not served yet. */
  waits({ secretName }: Certificate): void {
    if (!this.#waitingSince.has(secretName)) this.#waitingSince.set(secretName, this.#world.clock.now);
  }

  /** Somebody decided that it is served from now on. */
  exceptionFor({ secretName, servingSecretName }: Certificate, chain: ModelChain): Exception | undefined {
    const { clock, cluster, setup } = this.#world;
    const waitingSince = this.#waitingSince.get(secretName) ?? clock.now;
    const served = this.#served.get(secretName);
    const serving = cluster.secrets.get(servingSecretName);
    // Pods that mount several Secrets start when the last one is there: one step fills all of them.
    if (serving === undefined && clock.now <= this.#rebuiltAt + setup.latency) return 'Rebuilt';
    return exceptionFor(this.#world, chain, serving, served, waitingSince);
  }

  /** @param request Gate: its UID */
  serve(certificate: Certificate, chain: ModelChain, exception: Exception | undefined, request?: string): void {
    const { cluster, checker } = this.#world;
    const why = exception === undefined ? '' : ` (${exception})`;
    this.#world.log(`${chain.name} (key ${chain.leaf.slice(0, 6)}) is released${why}`);
    this.#world.releases += 1;
    if (exception === 'Rebuilt') this.#rebuiltAt = this.#world.clock.now;
    checker.served(certificate, chain, exception, request);
    this.#waitingSince.delete(certificate.secretName);
    this.#served.set(certificate.secretName, chain);
    cluster.setSecret(certificate.servingSecretName, chain);
  }

  /**
   * Promote: the source is read, then the serving Secret is written, if that is still what the plan saw: a little later.
   * @returns whether the source is as the plan saw it
   */
  copy({ secretName, servingSecretName, spkiSHA256, replaces }: CopySecret): boolean {
    const { cluster } = this.#world;
    const certificate = cluster.certificates.find((one) => one.secretName === secretName);
    const source = cluster.secrets.get(secretName);
    if (certificate === undefined || source?.leaf !== spkiSHA256) return false;
    this.#world.soon(() => {
      const serving = cluster.secrets.get(servingSecretName);
      if (serving?.leaf !== replaces) return;
      this.#world.effects += 1;
      this.serve(certificate, source, this.exceptionFor(certificate, source));
    });
    return true;
  }
}

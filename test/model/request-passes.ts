/** Passes over CertificateRequests, as reconcile-request.ts makes them, around the real `nextIssuance` and the facts that it is given. */
import { issuanceFactsOf, wrappedBy } from '../../src/controller/gate/requests.ts';
import type { SeenRequest } from '../../src/controller/gate/seen-request.ts';
import { candidateOf, nextIssuance, type IssuanceStep } from '../../src/core/issuance.ts';
import { dateOf } from './chains.ts';
import type { Operator } from './operator.ts';
import { storesOf, type Stores } from './stores.ts';
import { WorkQueue, type Continued, type Outcome } from './work-queue.ts';
import type { World } from './world.ts';

/** Its defaults (docs/cli.md). */
const BACK_OFF = { firstMs: 5 * 60_000, maxMs: 6 * 3_600_000 };
const REST: Outcome = { wakeAt: Infinity };

export class RequestPasses {
  readonly #operator: Operator;
  readonly #world: World;
  readonly #queue: WorkQueue;

  constructor(operator: Operator, world: World) {
    this.#operator = operator;
    this.#world = world;
    this.#queue = new WorkQueue(world, {
      isAlive: () => operator.isAlive,
      begin: (name) => this.#begin(name),
      isChanged: () => false,
    });
  }

  wake(): void {
    for (const { metadata } of this.#operator.view.issuance.requests) this.#queue.add(metadata.name);
  }

  #begin(name: string): Outcome | Continued {
    const { view, offset } = this.#operator;
    const request = view.issuance.requests.find(({ metadata }) => metadata.name === name);
    if (request === undefined) return REST;
    const { clock, cluster } = this.#world;
    const stores = storesOf(view, cluster.certificates);
    const now = (): number => dateOf(clock.now + offset).getTime();
    const step = nextIssuance(
      issuanceFactsOf(request, { ...stores, now, clockSkewMs: () => 1000 * offset, backOff: BACK_OFF }),
    );
    if (step.kind !== 'Wait') return { next: () => this.#act(request, step, stores) };
    const { until } = step;
    if (until === undefined) return REST;
    return { wakeAt: clock.now + Math.ceil((until.getTime() - now()) / 1000) };
  }

  #act(request: SeenRequest, step: Exclude<IssuanceStep, { kind: 'Wait' }>, stores: Stores): Outcome {
    const { certManager } = this.#world;
    const { name } = request.metadata;
    return this.#operator.step(`${name}: ${step.kind}`, () => {
      switch (step.kind) {
        case 'Issue': {
          const issuer = wrappedBy(request, stores.gate);
          return issuer.known && certManager.ask(request, issuer.value, step.number, step.forget) ? REST : 'Retry';
        }
        case 'Complete': {
          const candidate = candidateOf([step.attempt]);
          return candidate !== undefined && certManager.complete(request, candidate) ? REST : 'Retry';
        }
        case 'Fail':
          return certManager.fail(request) ? REST : 'Retry';
      }
    });
  }
}

/** What an operator's process remembers of a MailServer, and a crash forgets. It follows the controller's own (src/controller). */
import type { OperatorError } from '../../src/core/errors.ts';
import type { ProbedEndpoint } from '../../src/controller/endpoint-probes.ts';
import type { ServerAnswer } from '../../src/core/facts.ts';
import type { Place } from '../../src/core/place.ts';
import type { Intent } from '../../src/core/state.ts';

export interface Attempt {
  readonly outcome: 'Applied' | OperatorError;
  readonly intent: Intent | undefined;
  readonly serialBefore: number;
  /** Second of the world. */
  readonly sentAt: number;
}

export interface Look {
  readonly targets: string;
  readonly endpoints: readonly ProbedEndpoint[];
  readonly at: number;
  readonly badSince: number | undefined;
}

export interface Watch {
  readonly lookedAt: number;
  /** By the name of the server. */
  readonly answers: ReadonlyMap<string, readonly ServerAnswer[]>;
}

export class ProcessMemory {
  readonly startedAt: Date;
  readonly attempts = new Map<Place, Attempt>();
  readonly watches = new Map<Place, Watch>();
  look: Look | undefined;
  /** Pools and load balancers take turns: how often this process has come to each. */
  readonly #turns = new Map<string, number>();
  /** The resourceVersion that the pass knows: what it wrote itself wakes nothing. */
  known = 0;

  /** @param startedAt by its clock */
  constructor(startedAt: Date) {
    this.startedAt = startedAt;
  }

  nextTurn(where: string): number {
    const turn = this.#turns.get(where) ?? 0;
    this.#turns.set(where, turn + 1);
    return turn;
  }
}

/** One queue of a process: passes over objects by name, one at a time for each, as the controller makes them. */
import { Violation } from './checker.ts';
import type { World } from './world.ts';

export type Outcome = 'Again' | 'Retry' | { readonly wakeAt: number };

/** What a pass does next, a little later. */
export interface Continued {
  readonly next: () => Outcome | Continued;
}

export interface Passes {
  /** A crash ends them. */
  readonly isAlive: () => boolean;
  readonly begin: (name: string) => Outcome | Continued;
  /** Did somebody else change it since the pass began? */
  readonly isChanged: (name: string) => boolean;
}

interface Turn {
  failures: number;
  isUnderWay: boolean;
  isAskedFor: boolean;
  /** Of the pass that is asked for last: earlier ones are void. */
  ticket: number;
  /** The second of the world of the last pass, and how many there were in it. */
  second: number;
  count: number;
}

const MAX_BACK_OFF = 300;
/** In one second, of one object: more is a loop. */
const TOO_MANY_PASSES = 50;

export class WorkQueue {
  readonly #world: World;
  readonly #passes: Passes;
  readonly #turns = new Map<string, Turn>();

  constructor(world: World, passes: Passes) {
    this.#world = world;
    this.#passes = passes;
  }

  isUnderWay(name: string): boolean {
    return this.#turnOf(name).isUnderWay;
  }

  add(name: string, at = this.#world.clock.now): void {
    const turn = this.#turnOf(name);
    if (turn.isUnderWay) {
      turn.isAskedFor = true;
      return;
    }
    const ticket = ++turn.ticket;
    this.#world.clock.at(at, () => {
      if (this.#passes.isAlive() && ticket === turn.ticket && !turn.isUnderWay) this.#pass(name, turn);
    });
  }

  #pass(name: string, turn: Turn): void {
    this.#count(name, turn);
    this.#world.passes += 1;
    Object.assign(turn, { isUnderWay: true, isAskedFor: false });
    this.#goOn(name, turn, this.#passes.begin(name));
  }

  /** Between a look and what follows from it, between one call and the next, time passes. */
  #goOn(name: string, turn: Turn, outcome: Outcome | Continued): void {
    if (typeof outcome === 'object' && 'next' in outcome) {
      this.#world.soon(() => {
        if (this.#passes.isAlive()) this.#goOn(name, turn, outcome.next());
      });
      return;
    }
    turn.isUnderWay = false;
    if (this.#passes.isAlive()) this.#follow(name, turn, outcome);
  }

  #follow(name: string, turn: Turn, outcome: Outcome): void {
    const { now } = this.#world.clock;
    const isAskedFor = turn.isAskedFor || this.#passes.isChanged(name);
    turn.failures = outcome === 'Retry' ? turn.failures + 1 : 0;
    if (outcome === 'Retry') this.add(name, now + Math.min(2 ** (turn.failures - 1), MAX_BACK_OFF));
    else if (outcome === 'Again' || isAskedFor) this.add(name, now);
    else this.add(name, Math.max(outcome.wakeAt, now + 1));
  }

  #turnOf(name: string): Turn {
    const turn = this.#turns.get(name) ?? {
      failures: 0,
      isUnderWay: false,
      isAskedFor: false,
      ticket: 0,
      second: -1,
      count: 0,
    };
    this.#turns.set(name, turn);
    return turn;
  }

  #count(name: string, turn: Turn): void {
    const { now } = this.#world.clock;
    if (turn.second !== now) Object.assign(turn, { second: now, count: 0 });
    turn.count += 1;
    if (turn.count > TOO_MANY_PASSES) throw new Violation('Busy', `${name} is looked at without end`);
  }
}

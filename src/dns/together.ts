/**
 * A question that many ask at the same time goes out once. Who comes while one is under way shares the next with all that came since: so
 * nobody gets the answer to a question that was sent before he asked.
 */
export class Together<T> {
  readonly #underWay = new Map<string, Promise<unknown>>();
  readonly #next = new Map<string, Promise<T>>();

  ask(question: string, send: () => Promise<T>): Promise<T> {
    const before = this.#underWay.get(question);
    if (before === undefined) return this.#send(question, send);
    const next = this.#next.get(question) ?? before.then(() => this.#send(question, send));
    this.#next.set(question, next);
    return next;
  }

  #send(question: string, send: () => Promise<T>): Promise<T> {
    this.#next.delete(question);
    const answer = send();
    const over = answer
      .catch(() => undefined)
      .then(() => {
        if (this.#underWay.get(question) === over) this.#underWay.delete(question);
      });
    this.#underWay.set(question, over);
    return answer;
  }
}

/** A controller that is aborted with its parent, until it is released. */
export interface ChildController {
  readonly controller: AbortController;
  readonly release: () => void;
}

/** For long-lived parents: AbortSignal.any would hold on to every child for as long as its parent lives. */
export function childOf(parent: AbortSignal | undefined): ChildController {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(parent?.reason);
  };
  if (parent?.aborted === true) abort();
  parent?.addEventListener('abort', abort);
  return { controller, release: () => parent?.removeEventListener('abort', abort) };
}

/** What is to follow a pass. */
export type Outcome =
  /** Something was done; look again at once. */
  | { readonly kind: 'Again' }
  /** Something did not go well; look again after a back-off, and at `wakeAt` (milliseconds since 1970) at the latest. */
  | { readonly kind: 'Retry'; readonly wakeAt?: number | undefined }
  /** Nothing is to be done until something changes, or it is `wakeAt`. */
  | { readonly kind: 'Done'; readonly wakeAt: number | undefined };

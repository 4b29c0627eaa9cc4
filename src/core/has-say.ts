/**
 * Who has a say in a release: an owner of a MailServer, or all owners of another one that shares the Secret. Where records stand or are to
 * stand, and where senders may still remember some; but what belongs to another MailServer is the other's business.
 */
export function hasSay(owner: {
  /** Why it may not be published, where it may not. */
  readonly refusal: string | undefined;
  /** Records stand or are to stand, or may have stood. */
  readonly mayBePublished: boolean;
  /** Status has a history of it. */
  readonly isRemembered: boolean;
}): boolean {
  return owner.refusal !== 'OwnerConflict' && (owner.mayBePublished || owner.isRemembered);
}

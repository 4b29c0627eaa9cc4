/** So many are told at once: messages are limited, by the API and by patience. */
const TOLD_AT_ONCE = 4;

/** `a, b, c, d and 3 more`. */
export function several(texts: readonly string[], separator = ', '): string {
  const all = [...new Set(texts)];
  const more = all.length - TOLD_AT_ONCE;
  return all.slice(0, TOLD_AT_ONCE).join(separator) + (more > 0 ? ` and ${more} more` : '');
}

export function sentences(told: readonly { readonly message: string }[]): string {
  return several(
    told.map(({ message }) => message),
    '; ',
  );
}

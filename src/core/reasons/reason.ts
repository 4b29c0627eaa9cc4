/** A reason as a person meets it; docs/troubleshooting.md is made from these. The texts are Markdown, links as seen from docs/. */
export interface Reason {
  /** `Stalled` and `Transient` as in errors.ts; `Both`: it can be either; `State`: not an error. */
  readonly kind: 'Stalled' | 'Transient' | 'Both' | 'State';
  /** The conditions that show it, where its topic does not say so for all. */
  readonly at?: string;
  readonly meaning: string;
  readonly remedy: string;
}

export type Reasons = Readonly<Record<string, Reason>>;

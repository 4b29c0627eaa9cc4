/** The templates of the chart, as far as it matters which values they read: a document can differ by these only. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART } from '../../support/helm.ts';

const TEMPLATES = join(CHART, 'templates');
/** Has too many values for all combinations of them; its parts have not. */
const IN_PARTS = 'deployment.yaml';

/** What is made from these values, by their paths (`resolver.enabled`), and from no others. */
export interface Made {
  readonly file: string;
  readonly from: readonly string[];
}

/** Each template, and of the large one each part: whatever stands in no other `if`, `with` or `range`. */
export function templates(): Made[] {
  const files = readdirSync(TEMPLATES, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.(yaml|txt|tpl)$/.test(file),
  );
  const parts = new Map(files.map((file) => [file, partsOf(readFileSync(join(TEMPLATES, file), 'utf8'))]));
  const defined = new Map(
    [...parts.values()].flat().flatMap(({ defines, text }) => (defines === undefined ? [] : [[defines, text]])),
  );
  return [...parts].flatMap(([file, all]) => {
    const rendered = all.filter(({ defines }) => defines === undefined).map(({ text }) => text);
    if (file !== IN_PARTS) return [{ file, from: valuesIn(rendered.join('\n'), defined) }];
    const variable = rendered.find((text) => /^\{\{-? *\$\w+ *:=/.test(text));
    if (variable !== undefined) throw new Error(`${file}: ${variable} is read by other parts`);
    return rendered.map((text) => ({ file, from: valuesIn(text, defined) }));
  });
}

/** With its first word, and the name of what is defined. */
const ACTION = /\{\{-? *(\w*)(?: "(.*?)")?[^]*?\}\}/g;

interface Part {
  readonly defines: string | undefined;
  readonly text: string;
}

/** The actions of a template; from one that opens a block to its `end` it is one part. */
function partsOf(template: string): Part[] {
  const parts: Part[] = [];
  const open: { readonly start: number; readonly defines: string | undefined }[] = [];
  for (const { 0: action, 1: word = '', 2: name, index } of template.matchAll(ACTION)) {
    const opens = /^(if|with|range|define)$/.test(word);
    if (opens) open.push({ start: index, defines: word === 'define' ? name : undefined });
    const block = word === 'end' ? open.pop() : undefined;
    if (opens || open.length > 0) continue;
    parts.push({ defines: block?.defines, text: template.slice(block?.start ?? index, index + action.length) });
  }
  return parts;
}

/** Also those that the definitions read which are included. */
function valuesIn(text: string, defined: ReadonlyMap<string, string>): string[] {
  const whole = /.*\.Values\b(?!\.\w).*/.exec(text);
  if (whole !== null) throw new Error(`which values does this read? ${whole[0]}`);
  const own = [...text.matchAll(/\.Values\.([\w.]+)/g)].map(([, path = '']) => path);
  const included = [...text.matchAll(/include "(.*?)"/g)].flatMap(([, name = '']) => {
    const definition = defined.get(name);
    if (definition === undefined) throw new Error(`no template defines ${name}`);
    return valuesIn(definition, defined);
  });
  return [...new Set([...own, ...included])];
}

/** The arrows between the rooms of src/, and the purity of core (docs/architecture.md), as a function of file names and contents. */
import { posix } from 'node:path';
import ts from 'typescript';

/** From left to right: a room may import every room to its right; rooms that stand together never import each other. */
const ROOMS = [['main'], ['cli'], ['controller'], ['kube', 'dns', 'smtp'], ['observe', 'api'], ['core']];

const CORE_MAY_IMPORT = ['node:crypto'];

/** SDKs, and the only folder that may import each. */
const AT_HOME: readonly (readonly [sdk: RegExp, folder: string])[] = [
  [/^@kubernetes\/client-node($|\/)/, 'src/kube/'],
  [/^@aws-sdk\//, 'src/dns/providers/route53/'],
];

/** Clock, chance, timers and the world outside: parameters in core, never asked for. */
const IMPURE = new Set([
  ...['Date.now', 'Date()', 'new Date()', 'Math.random', 'performance', 'process', 'fetch', 'console'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'crypto', 'webcrypto'],
  ...[
    'randomBytes',
    'randomFillSync',
    'randomFill',
    'randomInt',
    'randomUUID',
    'generateKeyPair',
    'generateKeyPairSync',
  ],
]);

/** What is wrong with this file, each as `path: what`; nothing when all is well. `path` begins with `src/`. */
export function violations(path: string, source: string): string[] {
  const room = roomOf(path);
  if (room === undefined) return [`${path}: is in no room`];
  return [
    ...importsOf(source).flatMap((specifier) => importViolations(path, room, specifier)),
    ...usesOf(path, source).flatMap((use) => useViolations(path, room, use)),
  ];
}

/** The first circle of imports, types included, as the files on it; undefined when there is none. `sources`: by path. */
export function circle(sources: ReadonlyMap<string, string>): readonly string[] | undefined {
  const done = new Set<string>();
  const from = (path: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return undefined;
    done.add(path);
    const targets = importsOf(sources.get(path) ?? '')
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => posix.join(posix.dirname(path), specifier));
    return firstOf(targets, (target) => from(target, [...way, path]));
  };
  return firstOf([...sources.keys()], (path) => from(path, []));
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function importViolations(path: string, room: string, specifier: string): string[] {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    const other = roomOf(target);
    if (other === undefined) return [`${path}: imports ${target}, which is in no room`];
    return other === room || rank(other) > rank(room) ? [] : [`${path}: ${room} imports ${other} (${specifier})`];
  }
  const home = AT_HOME.find(([sdk]) => sdk.test(specifier))?.[1];
  return [
    ...(room === 'core' && !CORE_MAY_IMPORT.includes(specifier) ? [`${path}: core imports ${specifier}`] : []),
    ...(home !== undefined && !path.startsWith(home) ? [`${path}: imports ${specifier}, which is for ${home}`] : []),
    ...(/^(node:)?process$/.test(specifier) && room !== 'main' ? [`${path}: imports ${specifier}`] : []),
  ];
}

function useViolations(path: string, room: string, use: string): string[] {
  if (room === 'core' && IMPURE.has(use)) return [`${path}: core uses ${use}`];
  if (use === 'process' && room !== 'main') return [`${path}: uses process, which is for src/main.ts`];
  return [];
}

function roomOf(path: string): string | undefined {
  const room = path === 'src/main.ts' ? 'main' : /^src\/([^/]+)\/./.exec(path)?.[1];
  return ROOMS.flat().find((known) => known === room);
}

function rank(room: string): number {
  return ROOMS.findIndex((together) => together.includes(room));
}

/** Every module that the file names, for values or for types, when it is loaded or later. */
function importsOf(source: string): string[] {
  return ts.preProcessFile(source, true, true).importedFiles.map((file) => file.fileName);
}

/** Names that the file uses as values: `process`, `Math.random`, and `Date()` or `new Date()` without arguments. */
function usesOf(path: string, source: string): string[] {
  const uses: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isNameOfSomethingElse(node)) uses.push(node.text);
    if (ts.isPropertyAccessExpression(node)) uses.push(`${node.expression.getText()}.${node.name.text}`);
    if (ts.isCallExpression(node)) uses.push(`${node.expression.getText()}()`);
    if (ts.isNewExpression(node) && (node.arguments ?? []).length === 0)
      uses.push(`new ${node.expression.getText()}()`);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true));
  return uses;
}

/** The `process` of `pool.process`, of `{ process: 1 }` and of a method or field called so. */
function isNameOfSomethingElse(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    ((ts.isPropertySignature(parent) ||
      ts.isMethodSignature(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isMethodDeclaration(parent)) &&
      parent.name === node)
  );
}

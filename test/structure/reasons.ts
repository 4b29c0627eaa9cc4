/** Every reason, error code and probe result that a source file of src/ names, as a function of its text. */
import ts from 'typescript';

/** Calls that take one, and the place of it among the arguments. */
const TAKEN_BY: Readonly<Record<string, number>> = { stalled: 0, transient: 0, normal: 0, state: 2 };
const TAKEN_BY_NEW: Readonly<Record<string, number>> = {
  OperatorError: 1,
  ProbeFailure: 0,
  ApiError: 0,
};
/** Objects whose keys are codes, and objects whose values are arrays that hold one at this place. */
const KEYED_BY_CODE = new Set(['PROBE_ERRORS']);
const TABLES: Readonly<Record<string, number>> = { TABLE: 1, ANSWERS: 0 };
/** Properties that hold one, as in `{ kind: 'Skipped', error: 'AddressDenied' }`. */
const PROPERTIES = new Set(['reason', 'error']);

const CODE = /^[A-Z][A-Za-z0-9]+$/;

export function reasonsIn(path: string, source: string): string[] {
  const found = new Set<string>();
  const take = (node: ts.Node | undefined): void => {
    if (node === undefined) return;
    if (ts.isConditionalExpression(node)) [node.whenTrue, node.whenFalse].forEach(take);
    else if (ts.isBinaryExpression(node)) [node.left, node.right].forEach(take);
    else if (ts.isStringLiteral(node) && CODE.test(node.text)) found.add(node.text);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) takeArgument(node, TAKEN_BY, take);
    if (ts.isNewExpression(node)) takeArgument(node, TAKEN_BY_NEW, take);
    if (ts.isPropertyAssignment(node) && PROPERTIES.has(node.name.getText())) take(node.initializer);
    if (ts.isVariableDeclaration(node)) takeTable(node, found, take);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true));
  return [...found].sort();
}

function takeArgument(
  call: ts.CallExpression | ts.NewExpression,
  takers: Readonly<Record<string, number>>,
  take: (node: ts.Node | undefined) => void,
): void {
  const name = call.expression.getText();
  const place = Object.hasOwn(takers, name) ? takers[name] : undefined;
  if (place !== undefined) take(call.arguments?.[place]);
}

function takeTable(
  declaration: ts.VariableDeclaration,
  found: Set<string>,
  take: (node: ts.Node | undefined) => void,
): void {
  const name = declaration.name.getText();
  const place = Object.hasOwn(TABLES, name) ? TABLES[name] : undefined;
  let table = declaration.initializer;
  while (table !== undefined && (ts.isAsExpression(table) || ts.isSatisfiesExpression(table))) table = table.expression;
  if (table === undefined || !ts.isObjectLiteralExpression(table)) return;
  for (const property of table.properties) {
    if (!ts.isPropertyAssignment(property)) continue;
    if (KEYED_BY_CODE.has(name)) found.add(property.name.getText());
    if (place !== undefined && ts.isArrayLiteralExpression(property.initializer))
      take(property.initializer.elements[place]);
  }
}

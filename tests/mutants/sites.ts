import ts from 'typescript'
import { operators } from './operators.js'

/** One change of one expression in one source. */
export interface Mutant {
  /** stays the same as long as the expression does */
  readonly id: string
  readonly file: string
  readonly operator: string
  readonly line: number
  readonly before: string
  readonly after: string
  readonly from: number
  readonly to: number
}

/** A mutant with the number by which it is turned on. */
export type Numbered = Mutant & { readonly number: number }

/** Every mutant of a source. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true)
  const seen = new Map<string, number>()
  const found: Mutant[] = []
  const context = {
    text: (node: ts.Node) => node.getText(source),
    isKnown: (name: string, node: ts.Node) => {
      let top = node
      while (top.parent.parent !== undefined) top = top.parent
      const word = new RegExp(`\\b${name}\\b`)
      return word.test(top.getText(source)) || word.test(importsOf(source))
    },
  }
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return
    if (ts.isExpression(node) && isValue(node))
      for (const { name: operator, mutate } of operators)
        for (const after of mutate(node, context)) {
          const before = context.text(node)
          const name = `${file} | ${operator} | ${before} → ${after}`
          const count = (seen.get(name) ?? 0) + 1
          seen.set(name, count)
          const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
          const [from, to] = [node.getStart(source), node.getEnd()]
          found.push({ id: `${name} #${count}`, file, operator, line, before, after, from, to })
        }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function importsOf(source: ts.SourceFile): string {
  return source.statements
    .filter(ts.isImportDeclaration)
    .map((s) => s.getText(source))
    .join('\n')
}

/** Whether an expression is read and nothing else: it is not assigned to, called, or a name of something. */
function isValue(node: ts.Expression): boolean {
  const { parent } = node
  if (ts.isBinaryExpression(parent) && parent.left === node && isAssignment(parent.operatorToken.kind))
    return false
  if (ts.isCallExpression(parent) && parent.expression === node) return false
  if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) {
    const steps = [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken]
    if (steps.includes(parent.operator)) return false
  }
  if (ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node)) return false
  // where lines end without a semicolon, a parenthesis at the start of a statement would call what stands before
  for (
    let up: ts.Node = node;
    up.parent !== undefined && up.parent.getStart() === node.getStart();
    up = up.parent
  )
    if (ts.isExpressionStatement(up.parent)) return false
  for (let up: ts.Node = node; up.parent !== undefined; up = up.parent) {
    const { parent: over } = up
    if (ts.isBinaryExpression(over) && over.left === up && isAssignment(over.operatorToken.kind))
      return ts.isElementAccessExpression(up) && node !== up && isIndexWithin(node, up)
    if (ts.isTypeNode(over)) return false
  }
  return true
}

const isIndexWithin = (node: ts.Node, access: ts.ElementAccessExpression): boolean =>
  node.pos >= access.argumentExpression.pos && node.end <= access.argumentExpression.end

const isAssignment = (kind: ts.SyntaxKind): boolean =>
  kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment

/**
 * The source with every one of these mutants in it, each behind its number: `(mutant(7) ? after : before)`. So one bundle
 * of a test serves them all, and a run without any tells which of them it meets.
 */
export function withMutants(text: string, mutants: readonly Numbered[]): string {
  const spans = new Map<string, Numbered[]>()
  for (const m of mutants) {
    const key = `${m.from}:${m.to}`
    spans.set(key, [...(spans.get(key) ?? []), m])
  }
  const ordered = [...spans.values()].sort(([a], [b]) => a!.from - b!.from || b!.to - a!.to)
  const render = (from: number, to: number, inner: typeof ordered): string => {
    let [out, at, k] = ['', from, 0]
    while (k < inner.length) {
      const own = inner[k] as Numbered[]
      const first = own[0] as Numbered
      let next = k + 1
      while (next < inner.length && (inner[next]?.[0]?.from as number) < first.to) next++
      const choices = own.map((m) => `mutant(${m.number}) ? (${m.after}) : `).join('')
      out += `${text.slice(at, first.from)}(${choices}(${render(first.from, first.to, inner.slice(k + 1, next))}))`
      at = first.to
      k = next
    }
    return out + text.slice(at, to)
  }
  return render(0, text.length, ordered)
}

import { createQueryId, type OperationNodeSource, type QueryCompiler, type RootOperationNode } from 'kysely'
import type { Statement, Value } from './port.ts'

/** SQL text with its parameters, as an engine runs it. */
export type Compiled = { sql: string; parameters: Value[] }

/** Kysely describes a statement; this makes it the engine's text. */
export function compile(compiler: QueryCompiler, statement: Statement<unknown>): Compiled {
  const node = (statement as unknown as OperationNodeSource).toOperationNode() as RootOperationNode
  const { sql, parameters } = compiler.compileQuery(node, createQueryId())
  return { sql, parameters: parameters as Value[] }
}

import { createQueryId, type QueryCompiler } from 'kysely'
import type { Statement, Value } from './port.ts'

/** SQL text with its parameters, as an engine runs it. */
export type Compiled = { sql: string; parameters: Value[] }

/** Kysely describes a statement; this makes it the engine's text. */
export function compile(compiler: QueryCompiler, statement: Statement<unknown>): Compiled {
  const { sql, parameters } = compiler.compileQuery(statement.toOperationNode(), createQueryId())
  return { sql, parameters: parameters as Value[] }
}

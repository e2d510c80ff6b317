import type { FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import type { Text } from '../database/port.ts'
import type { Pieces } from '../http/answers.ts'
import { noteRead } from '../ledger/entries.ts'
import type { Pages, PageText } from '../store/records/pages.ts'

/**
 * A read's pages as they are answered: what each holds is in the ledger before it leaves.
 * @param endpoint the one that is read; those of linked records are named beside it
 */
export async function noted(
  request: FastifyRequest,
  context: Context,
  endpoint: string,
  { first, rest }: Pick<Pages, 'first'> & Partial<Pick<Pages, 'rest'>>,
): Promise<Pieces> {
  const note = ({ records, linked }: PageText) =>
    noteRead(request, context, { endpoints: [...new Set([endpoint, ...linked])], records })
  await note(first)
  return { first: first.text, rest: rest && notedRest(rest, note) }
}

async function* notedRest(
  rest: AsyncIterable<PageText>,
  note: (page: PageText) => Promise<void>,
): AsyncGenerator<Text> {
  for await (const page of rest) {
    if (page.records > 0) await note(page)
    yield page.text
  }
}

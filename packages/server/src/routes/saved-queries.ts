import type { Pieces } from '../http/answers.ts'

/** Saved queries as a list, each as it was registered: names need no escape. */
export const savedQueries = (
  found: AsyncIterable<{ name: string; text: string }>,
  member: 'queries' | 'bundle',
): Pieces => ({ first: '[', rest: elements(found, member) })

async function* elements(found: AsyncIterable<{ name: string; text: string }>, member: string) {
  let comma = ''
  for await (const saved of found) {
    yield comma + savedQuery(saved, member)
    comma = ','
  }
  yield ']'
}

export const savedQuery = ({ name, text }: { name: string; text: string }, member: string): string =>
  `{"name":"${name}","${member}":${text}}`

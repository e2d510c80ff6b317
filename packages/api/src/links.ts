import { Message } from './message.ts'
import type { Operation } from './operation.ts'
import { recordIds } from './query.ts'
import { Type } from './type.ts'

export const createLink = {
  operationId: 'createLink',
  ignoresUnknownQuery: true,
  method: 'POST',
  path: '/data-link',
  tags: ['links'],
  summary: 'Join records as belonging together',
  description:
    'Makes one group of the records. Links are symmetric and a record may be in many groups. Needs the right to write each record.',
  querystring: Type.Object({
    records: Type.Optional(
      recordIds('Ids of the records, one or more, the parameter repeated or the ids joined by commas.'),
    ),
  }),
  answers: { 201: { description: 'Linked.', schema: Message, example: { message: 'Grouping registered' } } },
  refusals: ['data_missing', 'invalid_record_id'],
} satisfies Operation

import { Type, type Static } from './type.ts'

export const Message = Type.Object(
  { message: Type.String() },
  { $id: 'Message', description: 'Says what was done.' },
)
export type Message = Static<typeof Message>

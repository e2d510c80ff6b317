import { finished } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { App } from '../context.ts'

/** How long a closing server waits for such work, in milliseconds. */
const patience = 5000

/** Runs work once the answer is on its way. */
export type AfterAnswer = (reply: FastifyReply, work: () => Promise<unknown>) => void

/** For what must not be seen in an answer, nor in the time it takes. What fails is in the log; a closing server waits a moment. */
export function afterAnswer(app: App): AfterAnswer {
  const running = new Set<Promise<unknown>>()
  app.addHook('onClose', async () => {
    const waited = new Promise<void>((resolve) => setTimeout(resolve, patience).unref())
    await Promise.race([Promise.allSettled(running), waited])
  })
  return (reply, work) => {
    const answered = new Promise<void>((resolve) => finished(reply.raw, () => resolve()))
    const done = answered
      .then(work)
      .catch((error: unknown) => logged(reply, error))
      .finally(() => running.delete(done))
    running.add(done)
  }
}

/** Its kind and place; what engines say may hold data. */
function logged({ request }: FastifyReply, error: unknown): void {
  const { name, stack } = error as Error
  request.log.error({ reqId: request.id, err: { type: name, stack } }, 'work after an answer failed')
}

import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { App } from './context.ts'

/** A body up to this size is read and forgotten, so that its connection can be used again. */
const forgettable = 65_536
/** How long a connection stays half open after a refusal, so that the client sees the answer before its end. */
const lingerMilliseconds = 1000

/**
 * A request that is answered before its body was read does not get to send it: the connection closes after the answer,
 * unless the rest is small.
 */
export function refuseUnreadBodies(app: App): void {
  app.addHook('onSend', async (request, reply) => {
    if (request.raw.complete || !isLarge(request)) return
    reply.header('connection', 'close')
    closeGently(request.raw.socket)
  })
}

function isLarge(request: FastifyRequest): boolean {
  if (request.headers['transfer-encoding'] !== undefined) return true
  return Number(request.headers['content-length'] ?? 0) > forgettable
}

/**
 * Node destroys the socket right behind the last answer. With bytes of the body unread that resets the connection, and the
 * reset can overtake the answer. So only our side ends at once, and nothing more is read.
 */
function closeGently(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end()
    socket.pause()
    setTimeout(() => socket.destroy(), lingerMilliseconds).unref()
  }
}

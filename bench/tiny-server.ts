import fastify from 'fastify'

// The least a Fastify server can do: the limit L3 of the bench.
const app = fastify()
app.get('/', async () => ({ ok: true }))
console.log(`listens on ${await app.listen({ host: '127.0.0.1', port: 0 })}`)
process.once('SIGTERM', () => process.exit(0))

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from '@hatstand/api/type.ts'
import fastify from 'fastify'
import { refusals } from './errors.ts'
import { compile, readSmallText } from './small-body.ts'

const schema = Type.Object({
  name: Type.String({ minLength: 2, maxLength: 8 }),
  info: Type.Optional(
    Type.Object({ version: Type.String({ pattern: '^\\d+$', title: 'a number of digits' }) }),
  ),
  shots: Type.Optional(Type.Array(Type.Object({ url: Type.String({ format: 'uri' }) }))),
  kind: Type.Optional(Type.Enum(['App', 'Tool'])),
})

const app = fastify().setValidatorCompiler(compile)
refusals(app)
app.removeAllContentTypeParsers()
app.addContentTypeParser('application/json', (_request, body, done) => done(null, body))
app.post('/small', async (request) => readSmallText(request, schema, 200))

async function send(payload: string | Buffer, headers: Record<string, string> = {}) {
  const all = { 'content-type': 'application/json', ...headers }
  const answer = await app.inject({ method: 'POST', url: '/small', headers: all, payload })
  const body: Record<string, unknown> = answer.json()
  return { ...body, status: answer.statusCode } as Record<string, unknown>
}

async function refuses(payload: string | Buffer, code: string, cause: string | RegExp) {
  const answer = await send(payload)
  assert.equal(answer['code'], code, String(payload))
  if (typeof cause === 'string') assert.equal(answer['cause'], cause)
  else assert.match(String(answer['cause']), cause)
}

test('a small body is given as a value and as the text that was sent, unknown members included', async () => {
  const text = '{"name": "Anna",  "size": 1.10}'
  assert.deepEqual(await send(` \n${text}\n`), { status: 200, value: { name: 'Anna', size: 1.1 }, text })
})

test('the refusal of a member names it by its path and says what it must be', async () => {
  await refuses('{}', 'invalid_body', 'The member name is missing')
  await refuses('[]', 'invalid_body', 'The body must be an object')
  await refuses('{"name":7}', 'invalid_body', 'The member name must be a string')
  await refuses('{"name":"a"}', 'invalid_body', 'The member name must be at least 2 characters long')
  await refuses('{"name":"abcdefghi"}', 'invalid_body', 'The member name must be at most 8 characters long')
  await refuses('{"name":"ab","info":{}}', 'invalid_body', 'The member info.version is missing')
  const version = 'The member info.version must be a number of digits'
  await refuses('{"name":"ab","info":{"version":"x"}}', 'invalid_body', version)
  const url = 'The member shots[1].url must be a uri'
  await refuses('{"name":"ab","shots":[{"url":"https://a.org"},{"url":"x"}]}', 'invalid_body', url)
  await refuses('{"name":"ab","kind":"Plug"}', 'invalid_body', 'The member kind must be one of App, Tool')
})

test('a key that one object has twice is refused', async () => {
  await refuses('{"name":"ab","name":"cd"}', 'invalid_body', 'The member name is there twice')
  const path = 'The member shots[1].url is there twice'
  await refuses('{"shots":[{"url":"a"},{"url":"b","\\u0075rl":"c"}]}', 'invalid_body', path)
})

test('what is no JSON is refused with its position, as everywhere', async () => {
  await refuses('{"name":"ab",}', 'invalid_json', /position 13$/)
  await refuses('{"name":"ab"} x', 'invalid_json', /end of the body at position 14$/)
  await refuses('   ', 'invalid_json', /position 3$/)
  await refuses('', 'invalid_json', /position 0$/)
  await refuses(Buffer.from([0x22, 0xff, 0x22]), 'invalid_utf8', /byte 1$/)
  await refuses('\ufeff{}', 'byte_order_mark', /position 0/)
  assert.equal((await send('{}', { 'content-encoding': 'gzip' }))['code'], 'content_type_unsupported')
  assert.equal((await send('{}', { 'content-type': 'text/plain' }))['code'], 'content_type_unsupported')
})

test('a body larger than the route takes is refused, with its length declared or not', async () => {
  const large = JSON.stringify({ name: 'ab', filler: 'x'.repeat(200) })
  const cause = 'The body is larger than 200 bytes (the most this route takes)'
  await refuses(large, 'body_too_large', cause)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const answer = await fetch(`${url}/small`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: new Blob([large]).stream(),
    duplex: 'half',
  })
  assert.equal(((await answer.json()) as { cause: string }).cause, cause)
  await app.close()
})

test('a small body that nests without end is refused', async () => {
  const deep = fastify().setValidatorCompiler(compile)
  refusals(deep)
  deep.removeAllContentTypeParsers()
  deep.addContentTypeParser('application/json', (_request, body, done) => done(null, body))
  deep.post('/small', async (request) => readSmallText(request, Type.Unknown()))
  const answer = await deep.inject({
    method: 'POST',
    url: '/small',
    headers: { 'content-type': 'application/json' },
    payload: '['.repeat(60_000),
  })
  assert.equal(answer.json().code, 'too_deep')
})

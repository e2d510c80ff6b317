import assert from 'node:assert/strict'
import type { DataDebitRequest } from '@hatstand/api/data-debit-request.ts'
import type { DataDebit } from '@hatstand/api/data-debit.ts'
import { ask } from './asking.ts'
import type { Engine } from './engines.ts'
import { startServer, type TestServer } from './harness.ts'

export const start = Date.UTC(2027, 0, 1)
export const day = 86_400_000

export const iso = (time: number) => new Date(time).toISOString()

/** What a test proposes; the rest is usual. */
export function proposal(said: Partial<DataDebitRequest> = {}): DataDebitRequest {
  return {
    purpose: 'To plan bus routes',
    start: iso(start),
    period: 30 * day,
    cancelAtPeriodEnd: false,
    requestClientName: 'Acme',
    requestClientUrl: 'https://acme.example',
    requestClientLogoUrl: 'https://acme.example/logo.png',
    termsUrl: 'https://acme.example/terms',
    bundle: { name: 'survey-places', bundle: { places: { endpoints: [{ endpoint: 'rumpel/locations' }] } } },
    ...said,
  }
}

/** What came back. */
export interface Answered {
  status: number
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any
  text: string
  headers: Record<string, string | string[] | undefined>
}

/** A server with a clock to turn, and an application and a user that may propose. */
export interface DebitScene {
  server: TestServer
  clock: { now: number }
  /** Tokens: of the owner, of `acme`, of another requester, of an application with other rights only. */
  tokens: { owner: string; acme: string; other: string; reader: string }
  /** Asks as somebody; the path is below `/data-debit`. */
  as(
    who: keyof DebitScene['tokens'],
    method: string,
    path: string,
    body?: object | string,
    prefix?: string,
  ): Promise<Answered>
  /** Tokens that count at the time the clock shows. */
  renew(): Promise<void>
}

export async function debitScene(t: Parameters<typeof startServer>[0], engine: Engine): Promise<DebitScene> {
  const clock = { now: start }
  const server = await startServer(t, engine, { now: () => clock.now })
  const roles = [{ role: 'datadebit', detail: '' }] as const
  const tokens: DebitScene['tokens'] = { owner: server.token, acme: '', other: '', reader: '' }
  async function renew() {
    tokens.owner = await server.ownerToken()
    tokens.acme = await server.application('acme', { roles })
    tokens.other = await server.application('other', { roles })
    tokens.reader = await server.application('reader', { reads: ['rumpel'] })
  }
  await renew()
  return {
    server,
    clock,
    tokens,
    renew,
    async as(who, method, path, body, prefix = '/api/v2.6') {
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
      const headers = {
        'x-auth-token': tokens[who],
        ...(text !== undefined && { 'content-type': 'application/json' }),
      }
      const request = { method, path: `${prefix}/data-debit${path}`, headers }
      const reply = await ask(server.url, { ...request, ...(text !== undefined && { body: text }) })
      return {
        status: reply.status,
        text: reply.text,
        headers: reply.headers,
        body: reply.text === '' ? undefined : JSON.parse(reply.text),
      }
    },
  }
}

/** The debit of an answer that has to be a success. */
export function debitIn({ status, body, text }: Answered, expected = 200): DataDebit {
  assert.equal(status, expected, text)
  return body as DataDebit
}

export function refusedWith(
  { status, body, text }: Answered,
  expected: number,
  code: string,
  cause?: RegExp,
) {
  assert.deepEqual([status, body.code], [expected, code], text)
  if (cause) assert.match(body.cause, cause)
}

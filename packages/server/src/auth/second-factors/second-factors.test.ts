import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { ask } from '../../../test/asking.ts'
import { type Engine, engines, routeEngines } from '../../../test/engines.ts'
import { ownerName, ownerPassword, startServer, type TestServer } from '../../../test/harness.ts'
import { ApiError } from '../../errors.ts'
import { changePassword, findOwner } from '../../store/access/owners.ts'
import { replaceRecoveryCodes } from '../../store/access/second-factors.ts'
import {
  checkSecondFactor,
  confirmPendingTotp,
  makeRecoveryCodes,
  secondFactorsOf,
  startTotp,
  totpOffer,
} from './second-factors.ts'

const pda = 1
const nothing = async () => undefined
const minute = 60_000

interface Play extends TestServer {
  clock: { now: number }
  /** What the owner's authenticator program shows, `steps` of 30 seconds from now. */
  code(steps?: number): string
  recoveryCodes: string[]
  check(code: string): Promise<boolean>
}

/** A server whose owner has an authenticator program and recovery codes, at the beginning of a step. */
async function start(t: TestContext, engine: Engine, settings = {}): Promise<Play> {
  const clock = { now: 1_800_000_000_000 }
  const server = await startServer(t, engine, { settings, now: () => clock.now })
  const secret = Secret.fromBase32((await startTotp(server.context, pda)) ?? '')
  const code = (steps = 0) => new TOTP({ secret }).generate({ timestamp: clock.now + steps * 30_000 })
  const { codes, kept } = makeRecoveryCodes()
  const confirmed = await confirmPendingTotp(server.context, pda, code(), (unit) =>
    replaceRecoveryCodes(unit, kept),
  )
  assert.ok(confirmed)
  clock.now += 5 * minute
  const check = (text: string) => checkSecondFactor(server.context, pda, text)
  return { ...server, clock, code, recoveryCodes: codes, check }
}

const isLimit = (seconds: number) => (error: unknown) =>
  error instanceof ApiError &&
  error.code === 'too_many_attempts' &&
  error.headers['retry-after'] === String(seconds)

/** A code that is none of about now. */
const wrong = ({ code }: Play) => {
  const right = [-1, 0, 1].map((steps) => code(steps))
  return ['000000', '111111', '222222', '333333'].find((each) => !right.includes(each)) ?? ''
}

async function login({ url }: TestServer, headers: Record<string, string> = {}) {
  const credentials = { username: ownerName, password: encodeURIComponent(ownerPassword) }
  const reply = await ask(url, {
    method: 'GET',
    path: '/users/access_token',
    headers: { ...credentials, ...headers },
  })
  return { status: reply.status, code: (JSON.parse(reply.text) as { code?: string }).code }
}

for (const engine of routeEngines) {
  test(`${engine.name}: a code counts when it is of now, or of the step before or after, and each step once`, async (t) => {
    const play = await start(t, engine)
    for (const steps of [-2, 2]) assert.equal(await play.check(play.code(steps)), false)
    const spaced = `${play.code(-1).slice(0, 3)} ${play.code(-1).slice(3)}`
    assert.deepEqual([await play.check(spaced), await play.check(spaced)], [true, false])
    assert.deepEqual([await play.check(play.code(1)), await play.check(play.code(1))], [true, false])
    assert.equal(await play.check(play.code(0)), false, 'what is older than a used one counts no more')
    play.clock.now += 2 * minute
    assert.equal(await play.check(play.code()), true)
  })

  test(`${engine.name}: the same code twice at once signs in once`, async (t) => {
    const play = await start(t, engine)
    for (const code of [play.code(), play.recoveryCodes[0]!]) {
      const answers = await Promise.all([play.check(code), play.check(code), play.check(code)])
      assert.equal(answers.filter(Boolean).length, 1)
    }
  })

  test(`${engine.name}: a recovery code works once, however it is typed`, async (t) => {
    const play = await start(t, engine)
    const [one = '', two = ''] = play.recoveryCodes
    assert.match(one, /^([0-9a-z]{4}-){3}[0-9a-z]{4}$/)
    assert.equal(
      await play.check(one.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O').replaceAll('1', 'l')),
      true,
    )
    assert.equal(await play.check(one), false)
    assert.deepEqual(await secondFactorsOf(play.context, pda), { totp: true, passkeys: 0, recoveryCodes: 9 })
    const { kept } = makeRecoveryCodes()
    await play.context.database.of(pda).write((unit) => replaceRecoveryCodes(unit, kept))
    assert.equal(await play.check(two), false, 'new ones replace all')
    assert.equal((await secondFactorsOf(play.context, pda)).recoveryCodes, 10)
  })

  test(`${engine.name}: after five wrong codes even the right one waits, longer each time; a recovery code does not, and who changes the password starts anew`, async (t) => {
    const play = await start(t, engine)
    const failFiveTimes = async () => {
      for (let count = 0; count < 5; count++) assert.equal(await play.check(wrong(play)), false)
    }
    await failFiveTimes()
    await assert.rejects(play.check(play.code()), isLimit(900))
    assert.equal(await play.check(play.recoveryCodes[0]!), true)
    play.clock.now += 15 * minute
    await failFiveTimes()
    play.clock.now += 29 * minute
    await assert.rejects(play.check(play.code()), isLimit(60))
    const { database } = play.context
    const { passwordHash: from } = (await database.of(pda).read((unit) => findOwner(unit)))!
    await database.of(pda).write((unit) => changePassword(unit, { to: 'by a mail' }))
    await assert.rejects(play.check(play.code()), isLimit(60))
    await database.of(pda).write((unit) => changePassword(unit, { from: 'by a mail', to: from }))
    assert.equal(await play.check(play.code()), true)
    await failFiveTimes()
    await assert.rejects(play.check(play.code()), isLimit(900))
  })

  test(`${engine.name}: many guesses at once get five tries`, async (t) => {
    const play = await start(t, engine)
    const guesses = await Promise.allSettled(Array.from({ length: 20 }, () => play.check(wrong(play))))
    assert.equal(guesses.filter(({ status }) => status === 'fulfilled').length, 5)
  })

  test(`${engine.name}: with a second factor, name and password in headers need a one-time code`, async (t) => {
    const play = await start(t, engine)
    assert.deepEqual(await login(play), { status: 401, code: 'second_factor_needed' })
    assert.deepEqual(await login(play, { 'one-time-code': wrong(play) }), {
      status: 401,
      code: 'second_factor_needed',
    })
    const bad = { password: 'not the password', 'one-time-code': play.code() }
    assert.deepEqual(await login(play, bad), { status: 401, code: 'credentials_wrong' })
    assert.equal(
      (await login(play, { 'one-time-code': play.code() })).status,
      200,
      'a wrong password spent no code',
    )
    assert.equal((await login(play, { 'one-time-code': play.code() })).status, 401)
    assert.equal((await login(play, { 'one-time-code': play.recoveryCodes[3]! })).status, 200)
    const { accessToken } = await play
      .as(undefined)
      .accessTokens.login(ownerName, ownerPassword, play.recoveryCodes[4])
    assert.ok(accessToken)
  })
}

test('a secret that was not confirmed by a code counts for nothing, and the code that confirms signs nobody in', async (t) => {
  const clock = { now: 1_800_000_000_000 }
  const server = await startServer(t, engines[0], { now: () => clock.now })
  const { context } = server
  const first = Secret.fromBase32((await startTotp(context, pda)) ?? '')
  const second = Secret.fromBase32((await startTotp(context, pda)) ?? '')
  assert.notEqual(first.base32, second.base32)
  assert.equal((await login(server)).status, 200)
  const codeOf = (secret: Secret) => new TOTP({ secret }).generate({ timestamp: clock.now })
  assert.equal(await confirmPendingTotp(context, pda, codeOf(first), nothing), false)
  assert.equal(await checkSecondFactor(context, pda, codeOf(second)), false)
  assert.equal(await confirmPendingTotp(context, pda, codeOf(second), nothing), true)
  assert.equal(await confirmPendingTotp(context, pda, codeOf(second), nothing), false)
  assert.equal(await checkSecondFactor(context, pda, codeOf(second)), false)
  assert.equal(await startTotp(context, pda), undefined, 'one that counts is not replaced')
  assert.equal((await login(server)).status, 401)
})

test('an authenticator program is told the account and its owner', async () => {
  const { uri } = await totpOffer('JBSWY3DPEHPK3PXP', 'anna@x', 'me.example.org:8080')
  const { protocol, host, pathname, searchParams } = new URL(uri)
  assert.deepEqual(
    [protocol, host, decodeURIComponent(pathname)],
    ['otpauth:', 'totp', '/hatstand me.example.org:8080:anna@x'],
  )
  assert.deepEqual(
    [searchParams.get('secret'), searchParams.get('digits'), searchParams.get('period')],
    ['JBSWY3DPEHPK3PXP', '6', '30'],
  )
})

test('HATSTAND_HEADER_LOGIN=off switches signing in by headers off, for right and wrong passwords alike', async (t) => {
  const server = await startServer(t, engines[0], { settings: { HATSTAND_HEADER_LOGIN: 'off' } })
  for (const headers of [{}, { password: 'wrong' }, { username: 'nobody' }])
    assert.deepEqual(await login(server, headers), { status: 403, code: 'header_login_off' })
})

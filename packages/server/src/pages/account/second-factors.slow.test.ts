import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'
import { browserTest, complaintsOf, isFineToRead, openBrowser } from '../../../test/chromium.ts'
import { ownerName, ownerPassword, startServer, type TestServer } from '../../../test/harness.ts'
import { secondFactorsOf } from '../../auth/second-factors/second-factors.ts'

const path = '/account/second-factors'
const minute = 60_000
/** Set, it is a folder for pictures of the pages, to be looked at. */
const pictures = process.env['HATSTAND_TEST_PICTURES']

interface Play extends TestServer {
  clock: { now: number }
  browser: Browser
  page: Page
  complaints: string[]
  /** Opens a page of the server. */
  open(path: string): Promise<void>
}

async function start(
  t: TestContext,
  options: NonNullable<Parameters<Browser['newContext']>[0]> = {},
): Promise<Play> {
  const clock = { now: Date.now() }
  const server = await startServer(t, undefined, { now: () => clock.now })
  const browser = await openBrowser(t)
  const context = await browser.newContext(options)
  if (options.javaScriptEnabled === false) withoutScripts.add(context)
  const page = await context.newPage()
  const base = `http://${new URL(server.url).host.replace('127.0.0.1', 'localhost')}`
  const open = async (to: string) => void (await page.goto(base + to))
  return { ...server, clock, browser, page, open, complaints: complaintsOf(page) }
}

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const heading = (page: Page) => page.getByRole('heading', { level: 1 }).textContent()

async function signIn({ page, open }: Play, to = path): Promise<void> {
  await open(`/sign-in?return=${encodeURIComponent(to)}`)
  await page.getByLabel('Name').fill(ownerName)
  await page.getByLabel('Password').fill(ownerPassword)
  await press(page, 'Sign in')
}

/** An authenticator that is always there and always knows its owner. */
async function authenticator(
  context: BrowserContext,
  page: Page,
  isUserVerified = true,
): Promise<CDPSession> {
  const session = await context.newCDPSession(page)
  await session.send('WebAuthn.enable')
  const options = {
    protocol: 'ctap2' as const,
    transport: 'internal' as const,
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified,
    automaticPresenceSimulation: true,
  }
  await session.send('WebAuthn.addVirtualAuthenticator', { options })
  return session
}

/** Where the rules cannot look: they are a script themselves. */
const withoutScripts = new WeakSet<BrowserContext>()

/** Takes a picture, and looks for what would trouble a reader. */
async function look(page: Page, name: string): Promise<void> {
  if (!withoutScripts.has(page.context())) await isFineToRead(page)
  if (pictures === undefined) return
  mkdirSync(pictures, { recursive: true })
  const how = withoutScripts.has(page.context()) ? '-plain' : ''
  const file = `${pictures}/${name}-${page.viewportSize()?.width}${how}.png`
  await page.screenshot({ path: file, fullPage: true })
}

for (const [width, colorScheme, javaScriptEnabled] of [
  [1280, 'light', true],
  [360, 'dark', true],
  [360, 'light', false],
] as const)
  browserTest(
    `an authenticator program is set up, used and removed, ${width} wide, ${javaScriptEnabled ? 'with' : 'without'} scripts`,
    async (t) => {
      const play = await start(t, { viewport: { width, height: 800 }, colorScheme, javaScriptEnabled })
      const { page, clock, context } = play
      await signIn(play)
      await look(page, 'factors-none')
      await press(page, 'Add an authenticator program')
      await look(page, 'totp')
      const key = (await page.locator('span.code').textContent()) ?? ''
      const secret = Secret.fromBase32(key.replaceAll(' ', ''))
      const code = () => new TOTP({ secret }).generate({ timestamp: clock.now })
      await page.getByLabel('Code', { exact: true }).fill('12345')
      await press(page, 'Add it')
      await look(page, 'totp-wrong')
      assert.match(await page.title(), /^Error: /)
      await page.getByLabel('Code', { exact: true }).fill(code())
      await press(page, 'Add it')
      await look(page, 'codes')
      const codes = await page.locator('ol li').allTextContents()
      assert.equal(codes.length, 10)
      await page.getByRole('link', { name: 'I have kept them' }).click()
      await look(page, 'factors-totp')
      assert.match(String(await page.textContent('main')), /10 recovery codes are left/)
      clock.now += minute
      await page.context().clearCookies()
      await signIn(play)
      assert.equal(await heading(page), 'Second step')
      await look(page, 'second-step')
      await page.getByLabel('Code', { exact: true }).fill(code())
      await press(page, 'Go on')
      assert.equal(await heading(page), 'Second factors')
      await page.context().clearCookies()
      await signIn(play)
      await page.getByLabel('Code', { exact: true }).fill(codes[0] ?? '')
      await press(page, 'Go on')
      await press(page, 'Make new recovery codes')
      assert.equal((await page.locator('ol li').allTextContents()).length, 10)
      await play.open(path)
      await press(page, 'Remove the authenticator program')
      assert.deepEqual(await secondFactorsOf(context, 1), { totp: false, passkeys: 0, recoveryCodes: 0 })
      assert.deepEqual(play.complaints, [])
    },
  )

browserTest(
  'ten minutes after signing in, the password is asked again before anything is changed',
  async (t) => {
    const play = await start(t)
    const { page, clock, context } = play
    await signIn(play)
    clock.now += 10 * minute
    await press(page, 'Add an authenticator program')
    assert.match(String(await page.textContent('main')), /show once more that it is you/)
    await look(page, 'again')
    await page.getByLabel('Password').fill('not the password')
    await press(page, 'Go on')
    assert.match(await page.title(), /^Error: /)
    await page.getByLabel('Password').fill(ownerPassword)
    await press(page, 'Go on')
    await press(page, 'Add an authenticator program')
    assert.equal(await heading(page), 'Add an authenticator program')
    assert.equal((await secondFactorsOf(context, 1)).totp, false)
  },
)

browserTest('a passkey is added, signs in by itself and as the second step, and is removed', async (t) => {
  const play = await start(t)
  const { page, clock, context } = play
  const virtual = await authenticator(page.context(), page)
  await signIn(play)
  await page.getByLabel('Name of the new passkey').fill('blue <key>')
  await press(page, 'Add a passkey')
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
  assert.deepEqual(await secondFactorsOf(context, 1), { totp: false, passkeys: 1, recoveryCodes: 10 })
  await play.open(path)
  await look(page, 'factors-passkey')
  assert.match(String(await page.textContent('main')), /blue <key>/)

  clock.now += minute
  await page.context().clearCookies()
  await play.open(`/sign-in?return=${path}`)
  await look(page, 'sign-in-passkey')
  await press(page, 'Sign in with a passkey')
  await page.getByRole('heading', { name: 'Second factors' }).waitFor()

  clock.now += minute
  await page.context().clearCookies()
  await signIn(play)
  assert.equal(await heading(page), 'Second step')
  await look(page, 'second-step-passkey')
  await press(page, 'Sign in with a passkey')
  await page.getByRole('heading', { name: 'Second factors' }).waitFor()

  await press(page, 'Add a passkey')
  await page.getByText('This device has a passkey for this account already.').waitFor()
  await page.getByRole('button', { name: 'Remove the passkey blue <key>' }).click()
  assert.deepEqual(await secondFactorsOf(context, 1), { totp: false, passkeys: 0, recoveryCodes: 0 })
  await page.context().clearCookies()
  await play.open('/sign-in')
  assert.equal(await page.getByText('Sign in with a passkey').count(), 0)
  await virtual.detach()
  assert.deepEqual(play.complaints, [])
})

browserTest(
  'an answer of a passkey counts once, for ten minutes, and only with the finger or the PIN',
  async (t) => {
    const play = await start(t)
    const { page, clock } = play
    const virtual = await authenticator(page.context(), page)
    await signIn(play)
    await press(page, 'Add a passkey')
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
    /** Signs in by the passkey; gives what was sent. */
    const answer = async () => {
      await page.context().clearCookies()
      await play.open('/sign-in')
      const sent = page.waitForRequest((request) => request.url().endsWith('/sign-in/passkey'))
      await press(page, 'Sign in with a passkey')
      const form = new URLSearchParams((await sent).postData() ?? '')
      await page.waitForLoadState()
      return form.get('answer') ?? ''
    }
    clock.now += minute
    const first = await answer()
    assert.equal(await heading(page), 'Your account')

    await page.context().clearCookies()
    await play.open('/sign-in')
    await page.evaluate(`(() => {
    const form = document.querySelector('form[data-passkey]')
    form.elements.answer.value = ${JSON.stringify(first)}
    form.submit()
  })()`)
    await page.getByText('This passkey is not one of this account').waitFor()

    await play.open('/sign-in')
    clock.now += 10 * minute
    await press(page, 'Sign in with a passkey')
    await page.getByText('This passkey is not one of this account').waitFor()
    await press(page, 'Sign in with a passkey')
    await page.getByRole('heading', { name: 'Your account' }).waitFor()
    await virtual.detach()
  },
)

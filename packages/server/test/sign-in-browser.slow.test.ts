import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { serve } from '../../../examples/spa/serve.ts'
import { registerApplication } from '../src/store/access/applications.ts'
import { browserTest, complaintsOf, isFineToRead, openBrowser } from './chromium.ts'
import { ownerName, ownerPassword, startServer } from './harness.ts'

const definitionFile = join(import.meta.dirname, '../../../examples/spa/application.json')

/** The single-page application of the examples beside a server that knows it, and a browser. */
async function scene(t: TestContext) {
  const server = await startServer(t)
  const account = `http://localhost:${server.context.config.port}`
  const site = await serve(0)
  t.after(() => {
    site.server.closeAllConnections()
    site.server.close()
  })
  const definition = (await readFile(definitionFile, 'utf8')).replaceAll('http://localhost:3000', site.url)
  const application = { id: 'rain-diary', version: '1.0.0', definition }
  await server.context.database
    .of(1)
    .write((unit) => registerApplication(unit, application, server.context.now()))
  const context = await (await openBrowser(t)).newContext()
  return { server, account, site: site.url, context }
}

type Scene = Awaited<ReturnType<typeof scene>>

/** Opens the application and goes to the account to sign in; ends where the owner is asked. */
async function askOwner({ context, site, account }: Scene): Promise<Page> {
  const page = await context.newPage()
  await page.goto(site)
  await page.getByLabel('Your account').fill(account)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.origin === account)
  if (await page.getByLabel('Password').isVisible()) {
    await page.getByLabel('Name').fill(ownerName)
    await page.getByLabel('Password').fill(ownerPassword)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  await page.getByRole('heading', { name: 'Give Rain diary access to your data?' }).waitFor()
  return page
}

async function signedIn(played: Scene): Promise<Page> {
  const page = await askOwner(played)
  await page.getByRole('button', { name: 'Give access' }).click()
  await page.getByLabel('Millimetres today').waitFor()
  return page
}

/** Counts the requests for tokens, each held up for a moment, as on a slow line. */
async function countRenewals(context: BrowserContext): Promise<() => number> {
  let count = 0
  await context.route('**/oauth/token', async (route) => {
    count += 1
    await new Promise((resolve) => setTimeout(resolve, 300))
    await route.continue()
  })
  return () => count
}

/** What a page of the application does with the SDK, beside what the example does. */
function inPage<T>(page: Page, account: string, does: string): Promise<T> {
  return page.evaluate(`(async () => {
    const { signIn } = await import('@hatstand/sdk/sign-in')
    const session = signIn({ url: '${account}', clientId: 'rain-diary', scope: 'read:diary write:diary' })
    const refused = (error) => ({ code: error.code, message: error.message })
    ${does}
  })()`)
}

/** Lets the access token of the browser be due, as an hour would. */
const letExpire = (page: Page) =>
  page.evaluate(`(() => {
    const key = Object.keys(localStorage).find((name) => name.startsWith('hatstand '))
    localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage.getItem(key)), renewAt: 0 }))
  })()`)

browserTest('the example signs its user in at their account and keeps a diary there', async (t) => {
  const played = await scene(t)
  const { server, site, context, account } = played
  const page = await askOwner(played)
  const complaints = complaintsOf(page)
  await page.getByRole('button', { name: 'Give access' }).click()
  await page.getByLabel('Millimetres today').fill('12.5')
  assert.equal(page.url(), `${site}/`, 'code and state are gone from the address')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText(': 12.5 mm').waitFor()
  await isFineToRead(page)
  const [record] = await server.owner.records.list<{ mm: number }>('diary/rain', { meta: true })
  assert.deepEqual([record?.data.mm, record?.writer], [12.5, 'rain-diary'])

  const other = await context.newPage()
  await other.goto(site)
  await other.getByText(': 12.5 mm').waitFor()
  await other.reload()
  await other.getByText(': 12.5 mm').waitFor()

  const token = await inPage<string>(page, account, 'return session.token()')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await other.getByLabel('Your account').waitFor()
  await page.getByLabel('Your account').waitFor()
  await assert.rejects(server.as(token).records.list('diary/rain'), { status: 401 })
  assert.equal(await page.evaluate('Object.keys(localStorage).join()'), 'account', 'nothing else is kept')
  assert.deepEqual(complaints, [])
})

browserTest('two tabs whose token is due agree on a new one, and both go on', async (t) => {
  const played = await scene(t)
  const { server, site, context, account } = played
  const one = await signedIn(played)
  const two = await context.newPage()
  await two.goto(site)
  await two.getByLabel('Millimetres today').waitFor()
  const before = await inPage<string>(one, account, 'return session.token()')
  const renewals = await countRenewals(context)
  for (const round of [1, 2, 3]) {
    await letExpire(one)
    const thrice = 'return Promise.all([session.token(), session.token(), session.token()])'
    const tokens = await Promise.all([
      inPage<string[]>(one, account, thrice),
      inPage<string[]>(two, account, thrice),
    ])
    assert.equal(new Set(tokens.flat()).size, 1)
    // A browser under load may show a tab what another kept a moment ago: then each renews, never more.
    assert.ok(renewals() >= round && renewals() <= 2 * round, `${renewals()} renewals`)
    assert.ok(!tokens.flat().includes(before))
    assert.deepEqual(await server.as(tokens[0][0]).records.list('diary/rain'), [])
  }
  const renewed = renewals()
  for (const page of [one, two]) {
    await page.reload()
    await page.getByLabel('Millimetres today').waitFor()
  }
  assert.equal(renewals(), renewed, 'what was renewed is kept')
})

browserTest(
  'a token that the account takes no more is renewed; when the consent has ended, the person is signed out',
  async (t) => {
    const played = await scene(t)
    const { server, context, account } = played
    const page = await signedIn(played)
    const renewals = await countRenewals(context)
    const [first, second] = await inPage<string[]>(
      page,
      account,
      'const first = await session.token(); return [first, await session.token(first)]',
    )
    assert.deepEqual([renewals(), first === second], [1, false])

    await server.owner.accessTokens.revokeAll({ holder: 'rain-diary' })
    await page.getByLabel('Millimetres today').fill('3')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Nobody is signed in, or not any more: sign in again').waitFor()
    await page.getByLabel('Your account').waitFor()
    const left = await inPage<{ code: string }>(page, account, 'return session.token().catch(refused)')
    assert.equal(left.code, 'signed_out')
    assert.equal(renewals(), 2)
  },
)

browserTest('an account that cannot be reached is said so, and nobody is signed out by it', async (t) => {
  const played = await scene(t)
  const { context, account } = played
  const page = await signedIn(played)
  await letExpire(page)
  await context.route('**/oauth/token', (route) => route.abort())
  const { code, message } = await inPage<{ code: string; message: string }>(
    page,
    account,
    'return session.token().catch(refused)',
  )
  assert.equal(code, 'unreachable')
  assert.match(message, new RegExp(`^${account} cannot be reached: `))
  await context.unroute('**/oauth/token')
  assert.equal(typeof (await inPage(page, account, 'return session.token()')), 'string')
})

browserTest('an owner who declines is back at the application, which says so and has nothing', async (t) => {
  const played = await scene(t)
  const page = await askOwner(played)
  await page.getByRole('button', { name: 'Decline' }).click()
  await page.getByText('Access was declined').waitFor()
  await page.getByLabel('Your account').waitFor()
  assert.equal(page.url(), `${played.site}/`)
  assert.equal(await page.evaluate('Object.keys(localStorage).join() + sessionStorage.length'), 'account0')
})

browserTest(
  'an answer with a foreign state, a foreign issuer, or one that nobody waits for, signs nobody in',
  async (t) => {
    const played = await scene(t)
    const { site, account, context } = played
    const page = await context.newPage()
    await page.goto(site)
    const answers = async (begun: object | undefined, query: string) => {
      await page.evaluate(`localStorage.setItem('account', '${account}')`)
      const key = `hatstand ${account} rain-diary`
      if (begun) await page.evaluate(`sessionStorage.setItem('${key}', '${JSON.stringify(begun)}')`)
      await page.goto(`${site}/?${query}`)
      const words = await page.locator('#words').filter({ hasText: /./ }).textContent()
      assert.equal(await page.getByLabel('Your account').isVisible(), true)
      assert.equal(page.url(), `${site}/`)
      return words
    }
    const begun = { state: 'mine', verifier: 'v'.repeat(43) }
    const iss = encodeURIComponent(account)
    assert.match(
      (await answers(undefined, `code=c&state=mine&iss=${iss}`))!,
      /no sign-in that was begun here/,
    )
    assert.match((await answers(begun, `code=c&state=theirs&iss=${iss}`))!, /what it should not: .*state/)
    assert.match(
      (await answers(begun, 'code=c&state=mine&iss=https%3A%2F%2Fevil.example'))!,
      /what it should not: .*iss/,
    )
    assert.match((await answers(begun, 'code=c&state=mine'))!, /what it should not: .*iss/)
    assert.match(
      (await answers(begun, `code=never-given&state=mine&iss=${iss}`))!,
      /grant request is invalid/,
    )
  },
)

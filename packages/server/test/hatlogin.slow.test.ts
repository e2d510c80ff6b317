import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { HatClient } from '@dataswift/hat-js'
import { connect, type Pda } from '@hatstand/sdk'
import type { Page } from 'playwright-core'
import { createApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import type { Context } from '../src/context.ts'
import { openDatabase } from '../src/database/open.ts'
import { ensureFirstAccount } from '../src/first-start.ts'
import { browserTest, complaintsOf, isFineToRead, openBrowser } from './chromium.ts'
import { definition } from './definitions.ts'
import { engines, freePort } from './engines.ts'
import { ownerName, ownerPassword, startServer } from './harness.ts'
import { startThirdParty, type ThirdParty } from './third-party.ts'

/** An account with an owner, and an application of somebody else that is registered with it. */
async function scene(t: TestContext) {
  // Ended first: a server waits for the connections that a browser holds in store.
  const browser = await openBrowser(t)
  const server = await startServer(t)
  const account = `http://localhost:${new URL(server.url).port}`
  const notes = await startThirdParty(t, account)
  await register(server.owner, notes)
  return { server, account, notes, browser }
}

/** @param roles what it asks for beside its own namespace */
async function register(owner: Pda, { callback, origin }: ThirdParty, version = '1.0.0', ...roles: string[]) {
  const setup = { validRedirectUris: [callback, `${origin}/declined`, 'org.example.notes:/back'] }
  const all = ['namespaceread notes', 'namespacewrite notes', ...roles]
  await owner.applications.register(definition({ version, setup, roles: all }))
}

function hatLogin(account: string, redirect: string, more = '') {
  return `${account}/hatlogin?name=notes&redirect=${encodeURIComponent(redirect)}${more}`
}

async function signIn(page: Page) {
  await page.getByLabel('Name').fill(ownerName)
  await page.getByLabel('Password').fill(ownerPassword)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const result = (page: Page) => page.locator('#result:not(:empty)').textContent()

browserTest(
  'from an empty server to data that an application wrote, in a browser: narrow and dark',
  async (t) => {
    const place = await engines[0]!.place()
    const port = await freePort()
    const config = readConfig({
      HATSTAND_LOG_LEVEL: 'fatal',
      PORT: String(port),
      HATSTAND_DATA_DIR: place.dataDir,
    })
    const database = await openDatabase(config, false)
    const { setupCode } = await ensureFirstAccount(database, config, true, Date.now())
    const context: Context = { config, database, now: Date.now, setupCode: setupCode! }
    const app = await createApp(context)
    await app.listen({ port, host: '127.0.0.1' })
    t.after(async () => {
      await app.close()
      await database.close()
    })
    const account = `http://localhost:${port}`
    const notes = await startThirdParty(t, account)
    const browser = await openBrowser(t)
    const view = await browser.newContext({ colorScheme: 'dark', viewport: { width: 360, height: 740 } })
    const page = await view.newPage()
    const complaints = complaintsOf(page)

    await page.goto(`${account}/setup?code=${setupCode!.code}`)
    await isFineToRead(page)
    await page.getByLabel('Name').fill(ownerName)
    await page.getByLabel('Password', { exact: true }).fill(ownerPassword)
    await page.getByLabel('Password again').fill(ownerPassword)
    await page.getByRole('button', { name: 'Set up' }).click()
    await page.getByRole('heading', { name: 'is ready' }).waitFor()

    const { accessToken } = await connect(account).accessTokens.login(ownerName, ownerPassword)
    await register(connect(account, accessToken), notes)
    await page.goto(notes.origin)
    await page.getByRole('link', { name: 'Sign in with your account' }).click()
    await isFineToRead(page)
    await signIn(page)
    await page.getByRole('heading', { name: 'Give Notes access to your data?' }).waitFor()
    await isFineToRead(page)
    await page.getByRole('button', { name: 'Give access' }).click()
    assert.equal(await result(page), 'saved 201, read from Notes')
    assert.deepEqual(complaints, [])
    assert.deepEqual(
      notes.asked.filter((url) => url.includes('token=')).map((url) => url.replace(/token=.*/, 'token=')),
      ['/back?from=hatstand&token='],
    )
  },
)

browserTest('an application is given access, asks for more, and is declined', async (t) => {
  const { server, account, notes, browser } = await scene(t)
  const view = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await view.newPage()
  const complaints = complaintsOf(page)
  await page.goto(notes.origin)
  await page.getByRole('link').click()
  await signIn(page)
  await page.getByRole('button', { name: 'Give access' }).click()
  assert.equal(await result(page), 'saved 201, read from Notes')

  await page.goto(hatLogin(account, notes.callback))
  await page.getByRole('heading', { name: 'Sign in to Notes?' }).waitFor()
  await isFineToRead(page)
  await page.getByRole('button', { name: 'Continue' }).click()
  assert.equal(await result(page), 'saved 201, read from Notes')

  await register(server.owner, notes, '1.1.0', 'owner')
  await page.goto(hatLogin(account, notes.callback))
  await page.getByText('Notes asks for everything.').waitFor()
  await isFineToRead(page)
  await page.getByRole('button', { name: 'Decline' }).click()
  assert.equal(await result(page), 'error access_denied')
  assert.equal((await server.owner.applications.get('notes')).needsUpdating, true)

  await page.goto(
    hatLogin(account, notes.callback, `&fallback=${encodeURIComponent(`${notes.origin}/declined`)}`),
  )
  await page.getByRole('button', { name: 'Decline' }).click()
  await page.waitForURL(`${notes.origin}/declined?error=access_denied`)

  await page.goto(`${account}/account`)
  await isFineToRead(page)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  await isFineToRead(page)
  assert.deepEqual(complaints, [])
})

browserTest('links behind a # lead to the same page, as the official SDK makes them', async (t) => {
  const { server, account, notes, browser } = await scene(t)
  const page = await browser.newPage()
  const hat = new HatClient({ token: server.token, apiVersion: 'v2.6', secure: false })
  const callback = encodeURIComponent(notes.callback)
  const link = hat.auth().generateHatLoginUrl(account, 'notes', callback, notes.origin)
  assert.ok(link.startsWith(`${account}/#/hatlogin?name=notes&`), link)
  await page.goto(link)
  await page.waitForURL('**/sign-in?return=*')
  await signIn(page)
  await page.getByRole('button', { name: 'Give access' }).click()
  assert.equal(await result(page), 'saved 201, read from Notes')
  await page.goto(account)
  await isFineToRead(page)
  await page.goto(link)
  await page.getByRole('heading', { name: 'Sign in to Notes?' }).waitFor()
})

browserTest(
  'without script all of it works, and the page at / says what to do with a link behind a #',
  async (t) => {
    const { account, notes, browser } = await scene(t)
    const view = await browser.newContext({ javaScriptEnabled: false })
    const page = await view.newPage()
    await page.goto(`${account}/#/hatlogin?name=notes`)
    await page.getByText('take out #/').waitFor()
    await page.goto(hatLogin(account, notes.callback))
    await page.getByLabel('Name').fill(ownerName)
    await page.getByLabel('Password').fill('not the password')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('The name or the password is wrong.').waitFor()
    await signIn(page)
    await page.getByRole('button', { name: 'Give access' }).click()
    await page.waitForURL(`${notes.origin}/back?from=hatstand&token=*`)
  },
)

browserTest(
  'by keyboard alone: the cursor stands where one types, and Tab leads to both answers',
  async (t) => {
    const { account, notes, browser } = await scene(t)
    const page = await browser.newPage()
    const focused = () =>
      page.evaluate('document.activeElement.name + " " + document.activeElement.textContent')
    await page.goto(hatLogin(account, notes.callback))
    assert.equal(await focused(), 'name ')
    await page.keyboard.type(ownerName)
    await page.keyboard.press('Tab')
    await page.keyboard.type('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    assert.equal(await focused(), 'password ', 'the name stands there already')
    await page.keyboard.type(ownerPassword)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Give Notes access' }).waitFor()
    const passed: unknown[] = []
    for (let presses = 0; presses < 12 && !String(passed.at(-1)).includes('Decline'); presses++) {
      await page.keyboard.press('Tab')
      passed.push(await focused())
    }
    assert.deepEqual(passed.slice(-2), ['decision Give access', 'decision Decline'])
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    assert.equal(await result(page), 'saved 201, read from Notes')
  },
)

browserTest('an unknown application, an unregistered address and a foreign site get nothing', async (t) => {
  const { server, account, notes, browser } = await scene(t)
  const page = await browser.newPage()
  await page.goto(`${account}/sign-in`)
  await signIn(page)
  await page.getByRole('heading', { name: 'Your account' }).waitFor()
  for (const [link, heading] of [
    [`${account}/hatlogin?name=unknown&redirect=${notes.origin}`, 'This application is not known here'],
    [hatLogin(account, `${notes.origin}/elsewhere`), 'This link cannot be trusted'],
  ] as const) {
    await page.goto(link)
    await page.getByRole('heading', { name: heading }).waitFor()
    await isFineToRead(page)
    assert.equal(await page.locator(`a[href*="${notes.origin}"]`).count(), 0)
  }
  await page.goto(`${notes.origin}/attack`)
  const answer = page.waitForResponse(`${account}/hatlogin`)
  await page.getByRole('button').click()
  assert.equal((await answer).status(), 403)
  await page.getByRole('heading', { name: 'Please send the form again' }).waitFor()
  const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'))
  await page.goto(`${notes.origin}/frame`, { waitUntil: 'commit' })
  await refused
  assert.equal((await server.owner.applications.get('notes')).setup, false)
  assert.deepEqual(
    notes.asked.filter((url) => url.includes('token')),
    [],
  )
})

browserTest('a program on the device is called by its own scheme', async (t) => {
  const { account, browser } = await scene(t)
  const page = await browser.newPage()
  const complaints = complaintsOf(page)
  await page.goto(hatLogin(account, 'org.example.notes:/back'))
  await signIn(page)
  const called = page.waitForEvent('requestfailed', (request) =>
    request.url().startsWith('org.example.notes:/back?token=ey'),
  )
  await page.getByRole('button', { name: 'Give access' }).click()
  await called
  assert.deepEqual(
    complaints.filter((text) => text.includes('Content Security Policy')),
    [],
  )
})

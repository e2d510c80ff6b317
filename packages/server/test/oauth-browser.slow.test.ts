import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { browserTest, complaintsOf, isFineToRead, openBrowser } from './chromium.ts'
import { ownerName, ownerPassword, startServer } from './harness.ts'
import { askFor, type Asked, discover, register } from './oauth-application.ts'

/** The web site of an application: empty pages, in which a test plays its script. */
async function startSite(t: TestContext): Promise<string> {
  const site = createServer((_request, response) => {
    response
      .setHeader('content-type', 'text/html')
      .end('<!doctype html><title>Notes</title><link rel="icon" href="data:,">')
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    site.closeAllConnections()
    site.close()
  })
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`
}

async function scene(t: TestContext) {
  const server = await startServer(t)
  const origin = `http://localhost:${server.context.config.port}`
  const site = await startSite(t)
  await register(server, 'notes', [`${site}/back`])
  const application = await discover(origin, 'notes', `${site}/back`)
  const browser = await openBrowser(t)
  return { server, origin, site, application, browser }
}

async function signIn(page: Page) {
  await page.getByLabel('Name').fill(ownerName)
  await page.getByLabel('Password').fill(ownerPassword)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** What the page of the application gets for its code, by `fetch` in the browser. */
function exchangeInPage(page: Page, endpoint: string, redirect: string, { verifier }: Asked) {
  const parameters = {
    grant_type: 'authorization_code',
    client_id: 'notes',
    redirect_uri: redirect,
    code_verifier: verifier,
  }
  return page.evaluate(`(async () => {
    const body = new URLSearchParams(${JSON.stringify(parameters)})
    body.set('code', new URL(location.href).searchParams.get('code'))
    const answer = await fetch(${JSON.stringify(endpoint)}, { method: 'POST', body })
    return { status: answer.status, tokens: await answer.json() }
  })()`) as Promise<{ status: number; tokens: { access_token: string; scope: string } }>
}

for (const view of [
  { viewport: { width: 1280, height: 800 } },
  { viewport: { width: 360, height: 740 }, colorScheme: 'dark', javaScriptEnabled: true },
] as const)
  browserTest(
    `in a browser ${view.viewport.width} wide the owner signs in, accepts, and the application's page gets its token`,
    async (t) => {
      const { server, application, browser } = await scene(t)
      const page = await (await browser.newContext(view)).newPage()
      const complaints = complaintsOf(page)
      const asked = await askFor(application, 'read:notes write:notes')
      await page.goto(asked.url)
      await signIn(page)
      await page.getByRole('heading', { name: 'Give notes access to your data?' }).waitFor()
      await isFineToRead(page)
      await page.getByRole('button', { name: 'Give access' }).click()
      await page.waitForURL(/\/back\?/)
      const endpoint = application.server.token_endpoint!
      const { status, tokens } = await exchangeInPage(page, endpoint, application.redirect, asked)
      assert.equal(status, 200)
      assert.deepEqual(await server.as(tokens.access_token).records.list('notes/drafts'), [])
      await page.goto((await askFor(application, 'read:notes')).url)
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.waitForURL(/error=access_denied/)
      assert.deepEqual(complaints, [])
    },
  )

browserTest('without script, too; and what is asked wrongly comes back after signing in', async (t) => {
  const { application, browser } = await scene(t)
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage()
  await page.goto((await askFor(application, 'write:shared')).url)
  await signIn(page)
  await page.waitForURL(/error=invalid_scope/)
  await page.goto((await askFor(application, 'read:notes')).url)
  await page.getByRole('button', { name: 'Give access' }).click()
  await page.waitForURL(/code=/)
  await page.goto((await askFor(application, 'read:notes', { redirect_uri: 'https://evil.example/' })).url)
  await page.getByRole('heading', { name: 'cannot be answered' }).waitFor()
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browse } from '../../../test/browsing.ts'
import { browserTest, isFineToRead, openBrowser } from '../../../test/chromium.ts'
import { definition } from '../../../test/definitions.ts'
import { ownerName, ownerPassword, startServer, type TestServer } from '../../../test/harness.ts'

const owner = { name: ownerName, password: ownerPassword }

async function signedIn(server: TestServer) {
  const person = browse(server.app)
  await person.open('/sign-in')
  await person.submit('/sign-in', owner)
  return person
}

async function withNotes({ owner: { applications } }: TestServer): Promise<string> {
  await applications.register(
    definition({ roles: ['namespaceread notes', 'namespacewrite notes', 'applicationlist'] }),
  )
  await applications.setUp('notes')
  return (await applications.accessToken('notes')).accessToken
}

const status = (server: TestServer, token: string) =>
  server.app
    .inject({ url: '/users/access_token/validate', headers: { 'x-auth-token': token } })
    .then(({ statusCode }) => statusCode)

const idsIn = (page: string) => Array.from(page.matchAll(/name="end" value="([^"]+)"/g), ([, id]) => id!)

test('the owner sees his browsers and programs on a page, and ends one of them', async (t) => {
  const server = await startServer(t)
  const token = await withNotes(server)
  const person = await signedIn(server)
  const page = await person.open('/account/access')
  assert.equal(page.statusCode, 200)
  assert.match(page.body, /a browser<\/bdi><\/strong> \(this browser\)/)
  assert.match(page.body, new RegExp(definition().info.name))
  assert.ok(!page.body.includes(token))
  const { accessTokens } = server.owner
  const { tokenId } = (await accessTokens.list()).find(({ holder }) => holder === 'notes')!
  assert.ok(idsIn(page.body).includes(tokenId))
  const done = await person.submit('/account/access', { end: tokenId })
  assert.deepEqual([done.statusCode, done.headers.location], [303, '/account/access?ended=1'])
  assert.equal(await status(server, token), 401)
  assert.match((await person.open('/account/access?ended=1')).body, /role="status"><p>Ended\./)
  assert.equal(
    (await person.submit('/account/access', { end: tokenId })).headers.location,
    '/account/access?ended=0',
  )
})

test('all others end at once and this browser stays; ended itself, it has to sign in again', async (t) => {
  const server = await startServer(t)
  const token = await withNotes(server)
  const [person, elsewhere] = [await signedIn(server), await signedIn(server)]
  await person.open('/account/access')
  await person.submit('/account/access', { end: 'others' })
  assert.deepEqual([await status(server, token), await status(server, server.token)], [401, 401])
  assert.equal((await elsewhere.open('/account')).statusCode, 303)
  const page = await person.open('/account/access')
  assert.equal(page.statusCode, 200)
  const [mine, ...others] = idsIn(page.body)
  assert.deepEqual(others, [])
  await person.submit('/account/access', { end: mine! })
  assert.match(String((await person.open('/account/access')).headers.location), /^\/sign-in\?return=/)
})

test('an application is disabled on its page, and what it may do is said in words', async (t) => {
  const server = await startServer(t)
  const token = await withNotes(server)
  const person = await signedIn(server)
  const page = await person.open('/account/applications')
  assert.match(page.body, /It may read notes; write notes; see which applications you use\./)
  const done = await person.submit('/account/applications', { disable: 'notes' })
  assert.deepEqual([done.statusCode, done.headers.location], [303, '/account/applications'])
  assert.equal(await status(server, token), 401)
  const after = await person.open('/account/applications')
  assert.match(after.body, /No application has access/)
  assert.match(after.body, /1\.0\.0, disabled/)
})

test('nobody sees or ends anything there without a session, or with a form of another site', async (t) => {
  const server = await startServer(t)
  const token = await withNotes(server)
  const stranger = browse(server.app)
  for (const path of ['/account/access', '/account/applications']) {
    const sent = await stranger.open(path, { 'x-auth-token': server.token })
    assert.deepEqual(
      [sent.statusCode, sent.headers.location],
      [303, `/sign-in?return=${encodeURIComponent(path)}`],
    )
    assert.equal(sent.headers['access-control-allow-origin'], undefined)
  }
  const person = await signedIn(server)
  await person.open('/account/access')
  const forged = { end: 'others', disable: 'notes' }
  const foreign = { origin: 'https://evil.example.org' }
  for (const path of ['/account/access', '/account/applications']) {
    assert.equal((await person.submit(path, forged, foreign)).statusCode, 403)
    assert.equal((await person.submit(path, { ...forged, form_key: 'x' })).statusCode, 403)
    assert.equal((await stranger.submit(path, forged)).statusCode, 403)
  }
  assert.equal(await status(server, token), 200)
})

for (const [colorScheme, width] of [
  ['light', 1280],
  ['dark', 360],
] as const)
  browserTest(
    `both pages are fine to read, ${colorScheme} and ${width} pixels wide, and work without script`,
    async (t) => {
      const server = await startServer(t)
      await withNotes(server)
      await server.owner.applications.register(definition({ id: 'weather' }))
      const browser = await openBrowser(t)
      const account = `http://localhost:${new URL(server.url).port}`
      const view = await browser.newContext({
        colorScheme,
        viewport: { width, height: 800 },
        javaScriptEnabled: true,
      })
      const page = await view.newPage()
      await page.goto(`${account}/account/access`)
      await page.getByLabel('Name').fill(ownerName)
      await page.getByLabel('Password').fill(ownerPassword)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('heading', { name: 'Access' }).waitFor()
      await isFineToRead(page)
      await shot(page, `access-${width}`)
      await page.goto(`${account}/account/applications`)
      await isFineToRead(page)
      await shot(page, `applications-${width}`)
      const plain = await browser.newContext({
        javaScriptEnabled: false,
        storageState: await view.storageState(),
      })
      const unscripted = await plain.newPage()
      await unscripted.goto(`${account}/account/applications`)
      await unscripted.getByRole('button', { name: /^Disable/ }).click()
      await unscripted.getByText('No application has access').waitFor()
      await unscripted.goto(`${account}/account/access`)
      await unscripted.getByRole('button', { name: 'End all but this browser' }).click()
      await unscripted.getByRole('status').waitFor()
      assert.equal(await status(server, server.token), 401)
    },
  )

/** Kept for whoever wants to look at them: set SCREENSHOTS to a folder. */
async function shot(page: { screenshot(options: object): Promise<unknown> }, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
}

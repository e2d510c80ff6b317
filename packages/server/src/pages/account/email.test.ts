import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { test } from 'node:test'
import { browse } from '../../../test/browsing.ts'
import { browserTest, complaintsOf, isFineToRead, openBrowser } from '../../../test/chromium.ts'
import { routeEngines } from '../../../test/engines.ts'
import { ownerName, ownerPassword, startServer, type TestServer } from '../../../test/harness.ts'
import { startMailServer } from '../../../test/mail-server.ts'
import { makeResetLink } from '../../auth/passwords/recovery.ts'
import { findOwner } from '../../store/access/owners.ts'

const path = '/account/email'
const pictures = process.env['HATSTAND_TEST_PICTURES']

const addressOf = async ({ context }: TestServer) =>
  (await context.database.of(1).read((unit) => findOwner(unit)))?.email

async function signedIn(server: TestServer) {
  const person = browse(server.app)
  await person.open('/sign-in')
  await person.submit('/sign-in', { name: ownerName, password: ownerPassword })
  return person
}

for (const engine of routeEngines)
  test(`the owner changes and removes the e-mail address, by the password, and stays signed in (${engine.name})`, async (t) => {
    const server = await startServer(t, engine)
    const person = await signedIn(server)
    await person.open(path)
    const set = async (email: string, password = ownerPassword) =>
      (await person.submit(path, { email, password })).statusCode
    assert.deepEqual([await set(' phil@example.org '), await addressOf(server)], [200, 'phil@example.org'])
    assert.match((await person.open(path)).body, /value="phil@example\.org"/)
    const { database, now } = server.context
    const link = (await makeResetLink({ database, now: now() }, 1)) as string
    assert.equal(await set('stranger@example.com', 'not the password'), 403)
    assert.equal(await set('stranger@example.com', ''), 403)
    assert.equal(await set('no address'), 400)
    assert.equal((await person.open(`/auth/change-password/${link}`)).statusCode, 200)
    await person.open(path)
    assert.deepEqual([await addressOf(server), await set('')], ['phil@example.org', 200])
    assert.equal(await addressOf(server), undefined)
    const old = await person.open(`/auth/change-password/${link}`)
    assert.equal(old.statusCode, 401, 'a link that was mailed to the address before')
    assert.equal((await person.open('/account')).statusCode, 200)
    const page = await server.owner.ledger.page()
    assert.doesNotMatch(JSON.stringify(page), /phil@|stranger@/, 'the ledger keeps no address')
  })

test('nobody changes it without a session, without the key of the form, or by guessing the password', async (t) => {
  const server = await startServer(t)
  const stranger = await browse(server.app).open(path, { 'x-auth-token': server.token })
  assert.deepEqual(
    [stranger.statusCode, stranger.headers.location],
    [303, `/sign-in?return=${encodeURIComponent(path)}`],
  )
  const person = await signedIn(server)
  const wish = { email: 'stranger@example.com', password: ownerPassword }
  assert.equal((await person.submit(path, { ...wish, csrf: 'x' })).statusCode, 403)
  await person.open(path)
  const statuses: number[] = []
  for (let guess = 0; guess < 11; guess++)
    statuses.push((await person.submit(path, { ...wish, password: `guess ${guess}` })).statusCode)
  assert.deepEqual([statuses[0], statuses[10]], [403, 429])
  assert.equal(await addressOf(server), undefined)
})

for (const [width, colorScheme, javaScriptEnabled] of [
  [1280, 'light', true],
  [360, 'dark', true],
  [360, 'light', false],
] as const)
  browserTest(
    `the page is fine to read and tells the former address, ${width} wide, ${colorScheme}, ${javaScriptEnabled ? 'with' : 'without'} scripts`,
    async (t) => {
      const mails = await startMailServer(t)
      const settings = { HATSTAND_SMTP_URL: mails.url, HATSTAND_MAIL_FROM: 'pda@example.org' }
      const server = await startServer(t, undefined, { settings })
      const browser = await openBrowser(t)
      const view = await browser.newContext({
        viewport: { width, height: 800 },
        colorScheme,
        javaScriptEnabled,
      })
      const page = await view.newPage()
      const complaints = complaintsOf(page)
      const look = async (name: string) => {
        if (javaScriptEnabled) await isFineToRead(page)
        if (pictures === undefined) return
        mkdirSync(pictures, { recursive: true })
        await page.screenshot({ path: `${pictures}/${name}-${width}-${colorScheme}.png`, fullPage: true })
      }
      const change = async (email: string, password: string) => {
        await page.getByLabel('E-mail address').fill(email)
        await page.getByLabel('Password').fill(password)
        await page.getByRole('button', { name: 'Change the address' }).click()
      }
      await page.goto(`http://localhost:${new URL(server.url).port}${path}`)
      await page.getByLabel('Name').fill(ownerName)
      await page.getByLabel('Password').fill(ownerPassword)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await look('email')
      await change('phil@example.org', 'not the password')
      await page.getByText('This is not your password.').waitFor()
      assert.match(await page.title(), /^Error: /)
      await look('email-wrong')
      await change('phil@example.org', ownerPassword)
      await page.getByText('It is phil@example.org from now on.').waitFor()
      await look('email-changed')
      await page.getByRole('link', { name: 'Back to your account' }).click()
      await page.getByRole('link', { name: 'E-mail address' }).click()
      const mail = mails.next(/no longer sends its mails to this address/)
      await change('philip@example.org', ownerPassword)
      assert.match((await mail).text, /\/account\/password/)
      await page.getByText('It is philip@example.org from now on.').waitFor()
      assert.equal(await addressOf(server), 'philip@example.org')
      assert.deepEqual(complaints, [])
    },
  )

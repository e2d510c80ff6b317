import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { test } from 'node:test'
import { browse } from '../../test/browsing.ts'
import { complaintsOf, isFineToRead, noBrowser, openBrowser } from '../../test/chromium.ts'
import { debitIn, debitScene, type DebitScene, proposal } from '../../test/data-debits.ts'
import { engines } from '../../test/engines.ts'
import { ownerName, ownerPassword } from '../../test/harness.ts'

const place = { name: 'home', latitude: 51.5, notes: '<script>alert(1)</script>' }
const path = '/account/data-debits/one?id=survey'

async function scene(t: Parameters<typeof debitScene>[0]): Promise<DebitScene> {
  const made = await debitScene(t, engines[0]!)
  await made.server.owner.records.createMany('rumpel/locations', [place, { ...place, name: 'work' }])
  const requestClientName = '<b>Acme</b>'
  debitIn(await made.as('acme', 'POST', '/survey', proposal({ requestClientName })), 201)
  return made
}

async function signedIn({ server }: DebitScene) {
  const person = browse(server.app)
  await person.open('/sign-in')
  await person.submit('/sign-in', { name: ownerName, password: ownerPassword })
  return person
}

/** The fields of the page's form, all ticked but some. */
function form(page: string, unticked: readonly string[] = []): URLSearchParams {
  const hidden = page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)
  const all = [...hidden].map(([, name, value]): [string, string] => [name!, value!])
  const shown = all.flatMap(([name, value]) => (name === 'shown' ? [value] : []))
  return new URLSearchParams([
    ...all,
    ...shown.filter((one) => !unticked.includes(one)).map((one): [string, string] => ['field', one]),
  ])
}

const urlencoded = { 'content-type': 'application/x-www-form-urlencoded', host: 'localhost' }

async function send(
  made: DebitScene,
  person: Awaited<ReturnType<typeof signedIn>>,
  fields: URLSearchParams,
  does: string,
) {
  fields.set('do', does)
  const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const headers = { ...urlencoded, cookie, accept: 'text/html' }
  const url = '/account/data-debits/one'
  return made.server.app.inject({ method: 'POST', url, headers, payload: fields.toString() })
}

test('the owner sees who asks and what would leave, lets less of it leave, and accepts that', async (t) => {
  const made = await scene(t)
  const person = await signedIn(made)
  const list = await person.open('/account/data-debits')
  assert.match(list.body, /Waiting for you[\s\S]*&lt;b&gt;Acme&lt;\/b&gt;[\s\S]*To plan bus routes/)
  const page = await person.open(path)
  assert.match(page.body, /the application acme \(acme\), which calls itself/)
  assert.match(page.body, /places: 2 records/)
  assert.match(page.body, /&lt;script&gt;alert/)
  const unticked = ['rumpel/locations notes', 'rumpel/locations latitude']
  const preview = await send(made, person, form(page.body, unticked), 'preview')
  assert.equal(preview.statusCode, 200)
  assert.match(preview.body, /<code>\{&quot;name&quot;:&quot;work&quot;\}<\/code>/)
  assert.doesNotMatch(preview.body, /&lt;script/)
  assert.equal((await made.as('acme', 'GET', '/survey/values')).status, 400, 'nothing is accepted yet')
  const done = await send(made, person, form(preview.body, unticked), 'accept')
  assert.deepEqual([done.statusCode, done.headers.location], [303, `${path}&done=accepted`])
  const { body } = await made.as('acme', 'GET', '/survey/values')
  assert.deepEqual(
    body.bundle.places
      .map(({ data }: { data: object }) => data)
      .toSorted((a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)),
    [{ name: 'home' }, { name: 'work' }],
  )
  const after = await person.open(`${path}&done=accepted`)
  assert.match(after.body, /role="status"><p>Accepted\./)
  assert.equal((await send(made, person, form(after.body), 'end')).statusCode, 303)
  assert.equal((await made.as('acme', 'GET', '/survey/values')).status, 400)
})

test('the owner declines, and a page that was opened before a change accepts nothing', async (t) => {
  const made = await scene(t)
  const person = await signedIn(made)
  const page = await person.open(path)
  debitIn(await made.as('acme', 'PUT', '/survey', proposal({ purpose: 'Something else' })))
  const late = await send(made, person, form(page.body), 'accept')
  assert.equal(late.statusCode, 409)
  assert.match(late.body, /role="alert"><p>They ask for something else by now/)
  assert.match(late.body, /Something else/)
  assert.equal(debitIn(await made.as('acme', 'GET', '/survey')).accepted, false)
  assert.equal((await send(made, person, form(late.body), 'decline')).statusCode, 303)
  assert.match((await person.open('/account/data-debits')).body, /Waiting for you<\/h2>\s*<p>Nothing\./)
  for (const query of ['?id=nothing', '', '?id=a&id=b', '?id=%00'])
    assert.equal((await person.open(`/account/data-debits/one${query}`)).statusCode, 404, query)
})

test('nobody decides on a page without being signed in, or from another page', async (t) => {
  const made = await scene(t)
  const stranger = browse(made.server.app)
  for (const url of ['/account/data-debits', path]) assert.equal((await stranger.open(url)).statusCode, 303)
  const person = await signedIn(made)
  const { body } = await person.open(path)
  const fields = form(body)
  fields.set('form_key', 'forged')
  assert.equal((await send(made, person, fields, 'accept')).statusCode, 403)
  assert.equal(debitIn(await made.as('acme', 'GET', '/survey')).accepted, false)
})

test('the pages on data debits are fine to read, and work without script', { skip: noBrowser }, async (t) => {
  const made = await scene(t)
  const browser = await openBrowser(t)
  const shots = process.env['HATSTAND_TEST_SHOTS']
  if (shots) mkdirSync(shots, { recursive: true })
  for (const width of [1280, 360])
    for (const colorScheme of ['light', 'dark'] as const) {
      const view = await browser.newContext({
        javaScriptEnabled: true,
        viewport: { width, height: 900 },
        colorScheme,
      })
      const page = await view.newPage()
      const complaints = complaintsOf(page)
      await page.goto(`${made.server.url.replace('127.0.0.1', 'localhost')}/sign-in`)
      await page.fill('[name=name]', ownerName)
      await page.fill('[name=password]', ownerPassword)
      await page.click('main form button')
      for (const [name, where] of [
        ['list', '/account/data-debits'],
        ['one', path],
      ] as const) {
        await page.goto(new URL(where, page.url()).href)
        await isFineToRead(page)
        if (shots)
          await page.screenshot({ path: `${shots}/${name}-${width}-${colorScheme}.png`, fullPage: true })
      }
      assert.deepEqual(complaints, [])
      await view.close()
    }
})

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { test } from 'node:test'
import { browse } from '../../../test/browsing.ts'
import { browserTest, complaintsOf, isFineToRead, openBrowser } from '../../../test/chromium.ts'
import { debitIn, debitScene, type DebitScene, proposal } from '../../../test/data-debits.ts'
import { engines } from '../../../test/engines.ts'
import { ownerName, ownerPassword } from '../../../test/harness.ts'

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

test('the ledger says what the owner decides on the page, of which permission and in which session', async (t) => {
  const made = await scene(t)
  const person = await signedIn(made)
  const owner = made.server.as(made.tokens.owner)
  assert.equal((await send(made, person, form((await person.open(path)).body), 'decline')).statusCode, 303)
  assert.equal((await send(made, person, form((await person.open(path)).body), 'accept')).statusCode, 303)
  assert.equal((await send(made, person, form((await person.open(path)).body), 'end')).statusCode, 303)
  const entries = await owner.ledger.list({ dataDebit: 'survey' })
  assert.deepEqual(
    entries
      .map(({ action, holder, permission, endpoints, detail }) => [
        action,
        holder,
        permission,
        endpoints,
        detail,
      ])
      .toReversed(),
    [
      ['propose', 'acme', '1', ['rumpel/locations'], undefined],
      ['reject', 'owner', '1', [], undefined],
      ['enable', 'owner', '1', [], undefined],
      ['disable', 'owner', undefined, [], undefined],
    ],
  )
  const sessions = entries.filter(({ holder }) => holder === 'owner').map(({ tokenId }) => tokenId)
  assert.equal(new Set(sessions).size, 1)
  assert.match(sessions[0]!, /./)
})

const conditions = {
  name: 'survey-conditions',
  bundle: {
    ok: {
      endpoints: [
        {
          endpoint: 'health/tests',
          filters: [
            { field: 'test', operator: { operator: 'contains', value: 'hiv' } },
            { field: 'result', operator: { operator: 'contains', value: 'positive' } },
          ],
        },
      ],
    },
    '<i>odd</i>': {
      endpoints: [
        { endpoint: 'health/visits' },
        {
          endpoint: 'rumpel/locations',
          filters: [
            {
              field: 'a\\.b.time',
              transformation: { transformation: 'datetimeExtract', part: 'hour' },
              operator: { operator: 'between', lower: 7, upper: 9 },
            },
            { field: 'name', operator: { operator: 'in', value: ['<b>home</b>', 'work'] } },
            {
              field: '',
              transformation: { transformation: 'searchable' },
              operator: { operator: 'find', search: 'long walk' },
            },
          ],
        },
      ],
    },
  },
} as const

test('the conditions on which data leaves are named, each with its endpoints and filters, and whether it is met', async (t) => {
  const made = await scene(t)
  const person = await signedIn(made)
  assert.doesNotMatch((await person.open(path)).body, /<h2>Condition/)
  debitIn(await made.as('acme', 'PUT', '/survey', proposal({ conditions })))
  const { body } = await person.open(path)
  const words = wordsOf(body)
  assert.ok(
    words.includes(
      'Whenever <b>Acme</b> asks, it learns whether each of these is so, even if nothing leaves.',
    ),
  )
  assert.ok(
    words.includes(
      'ok is not so now There is a record at health/tests where test is or holds "hiv" and result is or holds "positive"',
    ),
    words,
  )
  assert.ok(
    words.includes(
      '<i>odd</i> is not so now There is a record at health/visits or one at rumpel/locations where the hour of a\\.b.time (UTC) is between 7 and 9 and name is one of ["<b>home</b>","work"] and all of it has the words long walk',
    ),
    words,
  )
  assert.doesNotMatch(body, /<i>odd|<b>home/)
  assert.ok(words.includes('Nothing yet: ok, <i>odd</i> are conditions that are not met.'))
  await made.server.owner.records.create('health/tests', { test: 'hiv', result: 'positive' })
  const after = wordsOf((await person.open(path)).body)
  assert.ok(after.includes('ok is so now There is'), after)
  assert.ok(after.includes('Nothing yet: <i>odd</i> is a condition that is not met.'), after)
  const preview = await send(made, person, form(body, ['rumpel/locations notes']), 'preview')
  assert.ok(wordsOf(preview.body).includes('There is a record at health/tests where'), preview.body)
})

/** The text of a page as it is read. */
const wordsOf = (page: string) =>
  page
    .replace(/<[^>]*>/g, (tag) => (/^<(br|li|\/li|p|\/p|ul|h2)/.test(tag) ? ' ' : ''))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')

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

browserTest('the pages on data debits are fine to read, and work without script', async (t) => {
  const made = await scene(t)
  debitIn(await made.as('acme', 'PUT', '/survey', proposal({ conditions })))
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

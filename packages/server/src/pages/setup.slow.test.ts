import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { browserTest, complaintsOf, isFineToRead, openBrowser } from '../../test/chromium.ts'
import { freshFolder } from '../../test/engines.ts'
import { createApp } from '../app.ts'
import { makeSigningKey } from '../auth/keys.ts'
import { makeSetupCode } from '../auth/opaque-tokens.ts'
import { readConfig } from '../config.ts'
import { openDatabase } from '../database/open.ts'
import { addAccount } from '../store/access/accounts.ts'

browserTest('a person sets the account up in a browser: wide, narrow, light and dark', async (t) => {
  const browser = await openBrowser(t)
  const database = await openDatabase({ dataDir: freshFolder(), databaseUrl: undefined }, false)
  t.after(() => database.close())
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 320],
  ] as const) {
    const pda = (await addAccount(
      database,
      `${colorScheme}.example.org`,
      await makeSigningKey(),
      Date.now(),
    )) as number
    const setupCode = makeSetupCode(pda)
    const config = readConfig({ HATSTAND_LOG_LEVEL: 'silent' })
    const app = await createApp({ config, database, now: Date.now, setupCode })
    t.after(() => app.close())
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
    const page = await context.newPage()
    const complaints = complaintsOf(page)
    await setUp(page, `${url}/setup?code=${setupCode.code}`)
    assert.deepEqual(complaints, [])
    await context.close()
  }
})

async function setUp(page: Page, link: string): Promise<void> {
  await page.goto(link)
  await isFineToRead(page)
  await fill(page, 'alice', 'a long password', 'a long passwort')
  assert.match(await page.title(), /^Error: /)
  await isFineToRead(page)
  assert.equal(
    await page.evaluate('document.activeElement.id'),
    'repeated',
    'the cursor stands where the mistake is',
  )
  assert.equal(await page.getByLabel('Name').inputValue(), 'alice')
  await fill(page, 'alice', 'a long password', 'a long password')
  assert.match(await page.title(), /is ready/)
  await isFineToRead(page)
  await page.goto(link)
  assert.match(await page.title(), /does not work/)
  await isFineToRead(page)
}

async function fill(page: Page, name: string, password: string, repeated: string): Promise<void> {
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByLabel('Password again').fill(repeated)
  await page.getByRole('button', { name: 'Set up' }).click()
  await page.waitForLoadState()
}

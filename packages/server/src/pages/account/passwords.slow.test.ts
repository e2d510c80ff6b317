import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { sql } from 'kysely'
import type { Page } from 'playwright-core'
import { browserTest, complaintsOf, isFineToRead, openBrowser } from '../../../test/chromium.ts'
import { ownerName, ownerPassword, startServer } from '../../../test/harness.ts'
import { startMailServer } from '../../../test/mail-server.ts'

const email = 'phil@example.org'
const newPassword = 'a staple in the stable'
const pictures = process.env['HATSTAND_TEST_PICTURES']
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const heading = (page: Page) => page.getByRole('heading', { level: 1 }).textContent()

async function choose(page: Page, password: string, repeated = password): Promise<void> {
  await page.getByLabel('New password', { exact: true }).fill(password)
  await page.getByLabel('New password again').fill(repeated)
}

async function signIn(page: Page, password: string): Promise<void> {
  await page.getByLabel('Name').fill(ownerName)
  await page.getByLabel('Password').fill(password)
  await press(page, 'Sign in')
}

for (const [width, colorScheme, javaScriptEnabled] of [
  [1280, 'light', true],
  [360, 'dark', true],
  [360, 'light', false],
] as const)
  browserTest(
    `a password is changed, forgotten and chosen anew by a mail, ${width} wide, ${javaScriptEnabled ? 'with' : 'without'} scripts`,
    async (t) => {
      const mails = await startMailServer(t)
      const settings = { HATSTAND_SMTP_URL: mails.url, HATSTAND_MAIL_FROM: 'pda@example.org' }
      const { context, url } = await startServer(t, undefined, { settings })
      await context.database
        .of(1)
        .write((unit) => unit.all(sql`update owner set email = ${email} where pda_id = 1`))
      const browser = await openBrowser(t)
      const page = await (
        await browser.newContext({ viewport: { width, height: 800 }, colorScheme, javaScriptEnabled })
      ).newPage()
      const complaints = complaintsOf(page)
      const base = `http://localhost:${new URL(url).port}`
      const look = async (name: string) => {
        if (javaScriptEnabled) await isFineToRead(page)
        if (pictures === undefined) return
        mkdirSync(pictures, { recursive: true })
        await page.screenshot({ path: `${pictures}/${name}-${width}-${colorScheme}.png`, fullPage: true })
      }

      await page.goto(`${base}/account/password`)
      await signIn(page, ownerPassword)
      await look('change')
      for (const [old, chosen, repeated, problem] of [
        ['not the password', newPassword, newPassword, 'This is not your present password.'],
        [ownerPassword, 'password12', 'password12', 'easy to guess'],
        [ownerPassword, newPassword, 'a staple in the table', 'The two passwords are not the same.'],
      ] as const) {
        await page.getByLabel('Present password').fill(old)
        await choose(page, chosen, repeated)
        await press(page, 'Change the password')
        assert.match(await page.title(), /^Error: /)
        await page.getByText(problem).waitFor()
        await look(`change-wrong-${old.length}-${chosen.length}`)
      }
      await page.getByLabel('Present password').fill(ownerPassword)
      await choose(page, newPassword)
      await press(page, 'Change the password')
      assert.equal(await heading(page), 'Your password was changed')
      await look('changed')
      await page.goto(`${base}/account`)
      assert.equal(await heading(page), 'Your account', 'this browser stays signed in')

      await page.context().clearCookies()
      await page.goto(`${base}/sign-in`)
      await page.getByRole('link', { name: 'Forgotten your password?' }).click()
      await look('forgotten')
      await page.getByLabel('E-mail address').fill(email)
      const mail = mails.next(/change-password/)
      await press(page, 'Send the link')
      assert.equal(await heading(page), 'Look into your mail')
      await look('look-into-your-mail')
      const link = /http\S+/.exec((await mail).text)?.[0] ?? ''
      await page.goto(link)
      await look('reset')
      await choose(page, 'password12')
      await press(page, 'Use this password')
      await look('reset-wrong')
      await choose(page, 'the third of my passwords')
      await press(page, 'Use this password')
      await look('reset-done')
      await page.getByRole('link', { name: 'Sign in' }).click()
      await signIn(page, 'the third of my passwords')
      assert.equal(await heading(page), 'Your account')
      await page.goto(link)
      assert.equal(await heading(page), 'This link does not work')
      await look('reset-refused')
      assert.deepEqual(complaints, [])
    },
  )

browserTest('a server that sends no mail says how a link is made', async (t) => {
  const { url } = await startServer(t)
  const page = await (await openBrowser(t)).newPage()
  await page.goto(`http://localhost:${new URL(url).port}/forgot-password`)
  await isFineToRead(page)
  await page.getByText('npx hatstand owner reset-link').waitFor()
  assert.equal(await page.locator('form').count(), 0)
})

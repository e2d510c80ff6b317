import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { quick } from './quick.ts'

const path = '/usr/bin/chromium'

/** A test that needs a browser: part of `npm run test:all` only. */
export function browserTest(name: string, play: (t: TestContext) => Promise<void>): void {
  if (!quick) void test(name, { skip: existsSync(path) ? false : `needs a browser at ${path}` }, play)
}

/** A browser, gone when the test ends. */
export async function openBrowser(t: { after: (fn: () => unknown) => void }): Promise<Browser> {
  // Loaded when it is needed: it is large.
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox'] })
  t.after(() => browser.close())
  return browser
}

/** The page fits, and axe finds nothing about it. */
export async function isFineToRead(page: Page): Promise<void> {
  const where = page.url()
  assert.equal(
    await page.evaluate('document.documentElement.scrollWidth > innerWidth'),
    false,
    `${where} fits`,
  )
  const { default: axe } = await import('axe-core')
  const { violations } = (await page.evaluate(`${axe.source};axe.run()`)) as {
    violations: { id: string; nodes: { html: string }[] }[]
  }
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
  assert.deepEqual(found, [], where)
}

/** What the browser complains of on its console, but for the statuses 400 to 499 of pages that a test asks for. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (!/status of 4\d\d/.test(message.text())) complaints.push(message.text())
  })
  return complaints
}

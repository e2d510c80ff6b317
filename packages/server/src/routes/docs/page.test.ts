import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { errorCodes } from '@hatstand/api/errors.ts'
import { operations } from '@hatstand/api/operations.ts'
import { browserTest, complaintsOf, isFineToRead, openBrowser } from '../../../test/chromium.ts'
import { escaped } from '../../http/page.ts'
import { docsPage, docsPolicy } from './page.ts'

test('the page shows every operation with a command to try, and every error code', () => {
  const page = docsPage()
  for (const { operationId, summary } of operations) {
    assert.ok(page.includes(`<article id="${operationId}"`), operationId)
    assert.ok(page.includes(`<a href="#${operationId}">${escaped(summary)}</a>`), operationId)
  }
  assert.equal(page.match(/<code>curl &quot;\$URL\//g)?.length, operations.length)
  for (const code of errorCodes) assert.ok(page.includes(`<code id="error-${code}">`), code)
})

test('each link of the page leads to a place that is there once', () => {
  const page = docsPage()
  for (const [, target = ''] of page.matchAll(/href="#([^"]+)"/g))
    assert.equal(page.split(`id="${target}"`).length, 2, target)
})

test('the page runs no script and loads nothing, and its policy allows neither', () => {
  assert.doesNotMatch(docsPage(), /<script|<link|<img|javascript:|\son\w+=/)
  assert.match(docsPolicy, /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; /)
})

browserTest('everybody can read the page: wide, narrow, light and dark', async (t) => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.setHeader('content-security-policy', docsPolicy).end(docsPage())
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  const browser = await openBrowser(t)
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 360],
  ] as const) {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
    const page = await context.newPage()
    const complaints = complaintsOf(page)
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/docs`)
    await isFineToRead(page)
    assert.deepEqual(complaints, [])
    await context.close()
  }
})

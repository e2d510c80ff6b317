import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyBaseLogger } from 'fastify'
import { freePort } from '../../test/free-port.ts'
import { startMailServer } from '../../test/mail-server.ts'
import { readConfig } from '../config.ts'
import { sendMail } from './mail.ts'

const mail = {
  to: 'phil@example.org',
  subject: 'A new password – für Sie',
  text: ['One.', 'https://me.example.org/x'],
}

/** A log that keeps its lines as text. */
function log() {
  const lines: string[] = []
  const keep = (...words: unknown[]) => void lines.push(JSON.stringify(words))
  return { lines, log: { error: keep, warn: keep } as unknown as FastifyBaseLogger }
}

const config = (url: string) => readConfig({ HATSTAND_SMTP_URL: url, HATSTAND_MAIL_FROM: 'pda@example.org' })

test('a mail reaches the mail server as plain text, from HATSTAND_MAIL_FROM', async (t) => {
  const server = await startMailServer(t)
  const { lines, log: logger } = log()
  assert.equal(await sendMail(config(server.url), logger, mail), true)
  const [caught] = server.caught
  assert.deepEqual([caught?.from, caught?.to], ['pda@example.org', 'phil@example.org'])
  assert.match(String(caught?.text), /Content-Type: text\/plain/)
  assert.match(String(caught?.text), /Auto-Submitted: auto-generated/i)
  assert.match(String(caught?.text), /\n\nOne\.\n\nhttps:\/\/me\.example\.org\/x\n/)
  assert.deepEqual(lines, [])
})

test('a mail that is refused, or reaches no server, is in the log without the address, and breaks nothing', async (t) => {
  const server = await startMailServer(t)
  server.refuse()
  const nobody = `smtp://127.0.0.1:${await freePort()}`
  for (const url of [server.url, nobody, '']) {
    const { lines, log: logger } = log()
    const settings = url === '' ? readConfig({}) : config(url)
    assert.equal(await sendMail(settings, logger, mail), false)
    assert.equal(lines.length, 1)
    assert.match(String(lines[0]), /a mail was not sent/)
    assert.doesNotMatch(String(lines[0]), /example\.org|phil/)
  }
})

test('a name and password are never sent unencrypted to another machine', async (t) => {
  const server = await startMailServer(t)
  const { port } = new URL(server.url)
  const { log: logger } = log()
  // The name of this machine that does not look like it.
  const url = `smtp://me:secret@0.0.0.0:${port}`
  assert.equal(await sendMail(config(url), logger, mail), false)
  assert.deepEqual(server.caught, [])
})

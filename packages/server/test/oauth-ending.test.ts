import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../src/app.ts'
import { openDatabase } from '../src/database/open.ts'
import { disableApplication, removeApplication, setUpApplication } from '../src/store/access/applications.ts'
import { freePort, routeEngines } from './engines.ts'
import {
  askFor,
  discover,
  exchange,
  introspect,
  play,
  type Play,
  redirect,
  refresh,
  refusedWith,
  register,
  revoke,
  tokensIn,
} from './oauth-application.ts'

/** Whether a token counts for reading notes. */
async function counts({ server }: Play, token: string, url = server.url): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` }
  const { status } = await fetch(`${url}/api/v2.6/data/notes/drafts`, { headers })
  assert.ok(status === 200 || status === 401, String(status))
  return status === 200
}

/** That nothing is left of a consent: no access token counts, and nothing renews one. */
async function isOver(scene: Play, { access, refresh: renewing }: { access: string; refresh: string }) {
  assert.equal(await counts(scene, access), false, 'the access token')
  await refusedWith(refresh(scene.application, renewing), 'invalid_grant')
  assert.deepEqual(await introspect(scene.application, access), { active: false })
  assert.deepEqual(await introspect(scene.application, renewing), { active: false })
}

for (const engine of routeEngines) {
  test(`a token is renewed by a refresh token that counts once (${engine.name})`, async (t) => {
    const scene = await play(t, engine)
    const { application } = scene
    const first = await scene.getTokens('read:notes write:notes')
    const second = tokensIn(await refresh(application, first.refresh))
    assert.equal(second.scope, 'read:notes write:notes')
    assert.notEqual(second.refresh, first.refresh)
    assert.equal(await counts(scene, second.access), true)
    // Less may be asked for, more may not; the refresh token keeps what it was given.
    assert.equal((await refresh(application, second.refresh, 'read:notes')).scope, 'read:notes')
  })

  test(`for a minute a refresh token that was renewed gives tokens of the same consent again, and later it is stolen: everything of the consent ends (${engine.name})`, async (t) => {
    const clock = { now: Date.now() }
    const scene = await play(t, engine, { now: () => clock.now })
    const { server, application } = scene
    const first = await scene.getTokens('read:notes')
    const elsewhere = await scene.getTokens('read:notes')
    const second = tokensIn(await refresh(application, first.refresh))
    const third = tokensIn(await refresh(application, second.refresh))
    clock.now += 59_000
    const again = tokensIn(await refresh(application, first.refresh))
    const onwards = tokensIn(await refresh(application, again.refresh))
    const all = [first, second, third, again, onwards]
    for (const { access } of all) assert.equal(await counts(scene, access), true)
    assert.equal(new Set(all.map((tokens) => tokens.refresh)).size, 5)
    const consents = (await server.owner.accessTokens.list()).filter(({ holder }) => holder === 'notes')
    assert.equal(consents.length, 2)
    // The minute is counted from its first use.
    clock.now += 1000
    await refusedWith(refresh(application, first.refresh), 'invalid_grant')
    for (const tokens of all) await isOver(scene, tokens)
    // Another consent of the same application is another one.
    assert.equal(await counts(scene, elsewhere.access), true)
  })

  test(`of many who renew with one refresh token at once, in any process, each gets tokens that count (${engine.name})`, async (t) => {
    const clock = { now: Date.now() }
    const scene = await play(t, engine, { now: () => clock.now })
    const { url, clients } = await inTwoProcesses(t, scene)
    const { refresh: shared } = await scene.getTokens('read:notes')
    const all = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => tokensIn(await refresh(clients[index % 2]!, shared))),
    )
    assert.equal(new Set(all.map((tokens) => tokens.refresh)).size, 8)
    const renewed = await Promise.all(
      all.map(async (tokens, index) => tokensIn(await refresh(clients[index % 2]!, tokens.refresh))),
    )
    for (const { access } of [...all, ...renewed])
      for (const process of [scene.server.url, url]) assert.equal(await counts(scene, access, process), true)
    clock.now += 60_000
    await refusedWith(refresh(clients[1]!, shared), 'invalid_grant')
    for (const { access } of [...all, ...renewed]) assert.equal(await counts(scene, access), false)
    await refusedWith(refresh(clients[0]!, renewed[0]!.refresh), 'invalid_grant')
  })

  test(`of many who come with one code at once, in any process, one gets anything (${engine.name})`, async (t) => {
    const scene = await play(t, engine)
    const { url, clients } = await inTwoProcesses(t, scene)
    const { application, browser } = scene
    const asked = await askFor(application, 'read:notes')
    const { sentTo } = await browser.send(await browser.open(asked.url), { decision: 'accept' })
    await onlyOne(scene, url, clients, (client) => exchange(client, asked, sentTo!))
  })

  test(`an application gives back what it has, by either token, and only its own (${engine.name})`, async (t) => {
    const scene = await play(t, engine)
    const { server, origin, application } = scene
    await register(server, 'other', [redirect])
    const other = await discover(origin, 'other', redirect)
    for (const which of ['access', 'refresh'] as const) {
      const tokens = await scene.getTokens('read:notes')
      await revoke(other, tokens[which])
      assert.equal(await counts(scene, tokens.access), true)
      await revoke(application, tokens[which])
      await isOver(scene, tokens)
    }
    await revoke(application, 'nothing')
  })

  test(`the owner sees one consent, however often it was renewed, and takes it back (${engine.name})`, async (t) => {
    const scene = await play(t, engine)
    const { server } = scene
    const first = await scene.getTokens('read:notes')
    const second = tokensIn(await refresh(scene.application, first.refresh))
    const kept = await scene.getTokens('read:notes')
    const ofNotes = async () =>
      (await server.owner.accessTokens.list()).filter(({ holder }) => holder === 'notes')
    const listed = await ofNotes()
    assert.deepEqual(
      listed.map(({ kind, scope, about }) => ({ kind, scope, about })),
      Array.from({ length: 2 }, () => ({ kind: 'oauth-token', scope: 'read:notes', about: 'OAuth' })),
    )
    const days = Date.parse(listed[1]!.expiresAt) - Date.parse(listed[1]!.createdAt)
    assert.equal(Math.round(days / 86_400_000), 30)
    await server.owner.accessTokens.revoke(listed[1]!.tokenId)
    for (const tokens of [first, second]) await isOver(scene, tokens)
    assert.equal(await counts(scene, kept.access), true)
    assert.equal((await ofNotes()).length, 1)
  })

  test(`disabled, removed, or signed out: an application's tokens end with the next request (${engine.name})`, async (t) => {
    const scene = await play(t, engine)
    const { server, application } = scene
    const { database, now } = server.context
    const disabled = await scene.getTokens('read:notes')
    await database.of(1).write((unit) => disableApplication(unit, 'notes', now()))
    await isOver(scene, disabled)
    // Set up again, it does not get its old tokens back.
    const roles = [{ role: 'namespaceread', detail: 'notes' }] as const
    const again = { id: 'notes', version: '1.0.0', roles }
    await database.of(1).write((unit) => setUpApplication(unit, again, now()))
    await isOver(scene, disabled)
    const signedOut = await scene.getTokens('read:notes')
    const headers = { authorization: `Bearer ${signedOut.access}` }
    await fetch(`${server.url}/users/access_token`, { method: 'DELETE', headers })
    await isOver(scene, signedOut)
    const removed = await scene.getTokens('read:notes')
    await database.of(1).write((unit) => removeApplication(unit, 'notes', Date.now()))
    assert.equal(await counts(scene, removed.access), false)
    await refusedWith(refresh(application, removed.refresh), 'invalid_grant')
    await register(server, 'notes', [redirect])
    await isOver(scene, removed)
  })
}

/** The application as it asks one server process, and as it asks another. */
async function inTwoProcesses(t: Parameters<typeof secondProcess>[0], scene: Play) {
  const url = await secondProcess(t, scene)
  const { application } = scene
  const server = { ...application.server, token_endpoint: `${url}/oauth/token` }
  return { url, clients: [application, { ...application, server }] }
}

/** Another server process on the same database, as far as a test can tell. Gives its URL. */
async function secondProcess(
  t: { after: (fn: () => Promise<void>) => void },
  { server }: Play,
): Promise<string> {
  const database = await openDatabase(server.context.config, false)
  const app = await createApp({ ...server.context, database })
  const port = await freePort()
  await app.listen({ port, host: '127.0.0.1' })
  t.after(async () => {
    await app.close()
    await database.close()
  })
  return `http://127.0.0.1:${port}`
}

/** Eight at once: at most one is answered, and as the others must be thieves, what it got is worth nothing. */
async function onlyOne(
  scene: Play,
  elsewhere: string,
  clients: Play['application'][],
  come: (client: Play['application']) => ReturnType<typeof refresh>,
): Promise<void> {
  const all = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => come(clients[index % 2]!)))
  const answered = all.filter((one) => one.status === 'fulfilled')
  assert.ok(answered.length <= 1, `${answered.length} were answered`)
  for (const one of all)
    if (one.status === 'rejected') await refusedWith(Promise.reject(one.reason as Error), 'invalid_grant')
  for (const { value } of answered)
    for (const url of [scene.server.url, elsewhere])
      assert.equal(await counts(scene, value.access_token, url), false)
}

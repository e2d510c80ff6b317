import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { connect, type Pda } from '@hatstand/sdk'
import { decodeJwt } from 'jose'
import { makeOpaqueToken, opaqueId } from '../src/auth/opaque-tokens.ts'
import { openDatabase } from '../src/database/open.ts'
import type { Database } from '../src/database/port.ts'
import { addAccessToken, type NewToken } from '../src/store/access/access-tokens.ts'
import { findOwner } from '../src/store/access/owners.ts'
import { at, ends, password, serving } from './command-line.ts'
import { definition } from './definitions.ts'
import { routeEngines } from './engines.ts'

/** How somebody asks: by an access token, or by the cookie of a browser. */
type Way = (url: string) => Promise<boolean>

const byToken =
  (token: string): Way =>
  async (url) => {
    const { status } = await fetch(`${url}/users/access_token/validate`, {
      headers: { 'x-auth-token': token },
    })
    assert.ok(status === 200 || status === 401, `${status}`)
    return status === 200
  }

const byCookie =
  (cookie: string): Way =>
  async (url) => {
    const headers = { cookie: `hatstand_session=${cookie}` }
    const { status } = await fetch(`${url}/account`, { headers, redirect: 'manual' })
    assert.ok(status === 200 || status === 303, `${status}`)
    return status === 200
  }

for (const engine of routeEngines) {
  const several = engine.name === 'PostgreSQL'
  const where = several ? 'two servers and the command line share' : 'a server and the command line share'

  describe(`What the owner takes back is gone with the next request, where ${where} ${engine.name}`, () => {
    let servers: ReturnType<ReturnType<typeof at>['start']>[]
    let urls: string[]
    let run: ReturnType<typeof at>['run']
    let database: Database
    /** The owner on the first server. */
    let owner: Pda

    before(async () => {
      const place = await engine.place()
      const line = at(place.dataDir, {
        HATSTAND_DOMAIN: 'me.example.org',
        HATSTAND_OWNER: 'phil',
        HATSTAND_OWNER_PASSWORD: password,
        ...(place.databaseUrl && { DATABASE_URL: place.databaseUrl }),
      })
      run = line.run
      servers = [line.start('serve')]
      urls = [(await serving(servers[0]!)).url]
      if (several) {
        servers.push(line.start('serve'))
        urls.push((await serving(servers[1]!)).url)
      }
      database = await openDatabase(place, false)
      owner = await signedIn('phil', password, 0)
    })
    after(async () => {
      await database.close()
      for (const server of servers) assert.equal(await ends(server, 'SIGTERM'), 0)
    })

    /** Signed in on the last server, unless another is named. */
    async function signedIn(name: string, secret: string, server = urls.length - 1): Promise<Pda> {
      const pda = connect(urls[server]!)
      await pda.accessTokens.login(name, secret)
      return pda
    }

    async function commands(...words: string[]): Promise<string> {
      const { said, complaint, code } = await run(...words)
      assert.equal(code, 0, complaint)
      return said
    }

    /** Something opaque, as OAuth and browsers hold it. */
    async function keep(token: Pick<NewToken, 'kind' | 'holder'> & Partial<NewToken>): Promise<string> {
      const text = makeOpaqueToken()
      const now = Date.now()
      await database.of(1).write(async (unit) => {
        const { subject } = (await findOwner(unit))!
        const kept = { tokenId: opaqueId(text).tokenId, subject, about: 'a test', createdAt: now }
        await addAccessToken(unit, { ...kept, expiresAt: now + 600_000, ...token })
      })
      return text
    }

    const askedAll = async (ways: Way[]) => {
      const answers: boolean[][] = []
      for (const way of ways) answers.push(await Promise.all(urls.map((url) => way(url))))
      return answers.flat()
    }

    /** All ways work on every server, several times; after the act, none on any; and what is another's goes on. */
    async function takesBack(ending: Way[], act: () => Promise<unknown>, staying: Way[] = []): Promise<void> {
      for (let times = 0; times < 3; times += 1)
        assert.ok((await askedAll([...ending, ...staying])).every(Boolean), 'they counted before')
      await act()
      assert.deepEqual(
        await askedAll(ending),
        ending.flatMap(() => urls.map(() => false)),
        'none counts any more',
      )
      assert.ok((await askedAll(staying)).every(Boolean), 'the others go on')
    }

    /** An application that is set up: two tokens, and one by OAuth. */
    async function application(id: string): Promise<{ ways: Way[]; tokens: string[] }> {
      await owner.applications.register(definition({ id, roles: ['namespaceread mine'] }))
      await owner.applications.setUp(id)
      const issued = [await owner.applications.accessToken(id), await owner.applications.accessToken(id)]
      const tokens = issued.map(({ accessToken }) => accessToken)
      const grantId = `grant-${id}`
      await keep({ kind: 'grant', holder: id, scope: 'read:mine', grantId })
      const oauth = await keep({ kind: 'oauth', holder: id, scope: 'read:mine', grantId })
      return { ways: [...tokens, oauth].map(byToken), tokens }
    }

    test('a token, revoked by the owner or by the command line', async () => {
      const one = await signedIn('phil', password)
      const other = await signedIn('phil', password)
      const program = await application('revoked')
      const id = decodeJwt(one.token!).jti!
      await takesBack([byToken(one.token!)], () => owner.accessTokens.revoke(id), [
        byToken(other.token!),
        ...program.ways,
      ])
      const [first, second, oauth] = program.ways as [Way, Way, Way]
      const line = decodeJwt(program.tokens[0]!).jti!
      await takesBack([first], () => commands('tokens', 'revoke', line), [second, oauth])
      const consent = (await owner.accessTokens.list()).find(({ kind }) => kind === 'oauth-token')!
      await takesBack([oauth], () => owner.accessTokens.revoke(consent.tokenId), [second])
      await takesBack([second], () => owner.accessTokens.revokeAll({ holder: 'revoked' }))
    })

    test('an application, disabled: its tokens of every kind, and those do not come back with it', async () => {
      const { ways } = await application('disabled')
      const another = await application('another')
      await takesBack(ways, () => owner.applications.disable('disabled'), another.ways)
      await owner.applications.setUp('disabled')
      assert.ok(
        (await askedAll(ways)).every((counts) => !counts),
        'set up again, it has no old tokens',
      )
      await takesBack(another.ways, () => commands('application', 'disable', 'another'))
    })

    test('an application, removed, by the owner or by the command line', async () => {
      const { ways } = await application('removed')
      const another = await application('another')
      await takesBack(ways, () => owner.applications.remove('removed'), another.ways)
      await takesBack(another.ways, () => commands('application', 'remove', 'another'))
      const again = await application('removed')
      assert.ok((await askedAll(again.ways)).every(Boolean))
      assert.ok((await askedAll(ways)).every((counts) => !counts))
    })

    test('a role, taken from an application, holds for the tokens it has', async () => {
      const { tokens } = await application('narrowed')
      const reads = (url: string) => connect(url, tokens[0]).records.list('mine/notes')
      for (const url of urls) await reads(url)
      await owner.applications.register(definition({ id: 'narrowed', roles: ['namespaceread other'] }))
      await owner.applications.setUp('narrowed')
      for (const url of urls) await assert.rejects(reads(url), { status: 403 })
    })

    test('who signs out, by the API or in a browser: that one, and no other', async () => {
      const [one, other] = [await signedIn('phil', password), await signedIn('phil', password)]
      const cookie = await keep({ kind: 'session', holder: 'owner' })
      await takesBack([byToken(one.token!)], () => connect(urls[0]!, one.token).accessTokens.logout(), [
        byToken(other.token!),
        byCookie(cookie),
      ])
      const session = (await owner.accessTokens.list()).find(({ kind }) => kind === 'session')!
      await takesBack([byCookie(cookie)], () => owner.accessTokens.revoke(session.tokenId), [
        byToken(other.token!),
      ])
    })

    test('a user, disabled, removed, or with another password', async () => {
      const user = async (name: string) => {
        const email = name
        const { userId } = await owner.users.create({ email, password: 'seven crows on a copper roof' })
        const pda = await signedIn(name, 'seven crows on a copper roof')
        return { userId, ways: [byToken(pda.token!)] }
      }
      const [one, two, three] = [await user('one'), await user('two'), await user('three')]
      await takesBack(one.ways, () => owner.users.disable(one.userId), two.ways)
      await takesBack(two.ways, () => owner.users.delete(two.userId), three.ways)
      const next = { password: 'a lantern under 7 quiet bridges' }
      await takesBack(three.ways, () => owner.users.update(three.userId, next))
      const again = await signedIn('three', next.password)
      await takesBack([byToken(again.token!)], () => commands('user', 'disable', 'three'))
    })

    test('a key that has ended, with all it signed', async () => {
      const { ways } = await application('signed')
      const mine = byToken(owner.token!)
      const [one, two, oauth] = ways as [Way, Way, Way]
      await commands('keys', 'rotate', '--overlap', '1')
      const later = await signedIn('phil', password)
      await takesBack(
        [one, two, mine, byToken(later.token!)],
        () => commands('keys', 'rotate', '--overlap', '0'),
        [oauth],
      )
      owner = await signedIn('phil', password, 0)
      assert.ok(
        (await askedAll([byToken(owner.token!)])).every(Boolean),
        'a new sign-in is signed with the new key',
      )
      for (const url of urls) assert.equal((await connect(url).publicKeys()).keys.length, 1)
    })

    test("the owner's password, changed by him or by the command line: all he is signed in with, and nothing of others", async () => {
      const { ways } = await application('unharmed')
      const next = 'nine herons by a marble fountain'
      const other = await signedIn('phil', password)
      const cookie = await keep({ kind: 'session', holder: 'owner' })
      const old = [byToken(other.token!), byToken(owner.token!), byCookie(cookie)]
      await takesBack(old, () => owner.accessTokens.changePassword(password, next), ways)
      await assert.rejects(signedIn('phil', password), { status: 401 })
      owner = await signedIn('phil', next, 0)
      const browser = byCookie(await keep({ kind: 'session', holder: 'owner' }))
      await takesBack([byToken(owner.token!), browser], () => commands('owner', 'set', 'phil'), ways)
      owner = await signedIn('phil', password, 0)
    })

    test('everything at once', async () => {
      const { ways } = await application('last')
      const cookie = await keep({ kind: 'session', holder: 'owner' })
      const all = [...ways, byCookie(cookie), byToken(owner.token!)]
      await takesBack(all, () => commands('tokens', 'revoke', '--all'))
      owner = await signedIn('phil', password, 0)
    })
  })
}

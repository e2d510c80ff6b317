import assert from 'node:assert/strict'
import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { CompactSign, decodeJwt } from 'jose'
import { routeEngines } from '../../test/engines.ts'
import { ask, domain, owner, refuses, type Scene, signedWith, withScene } from '../../test/scene.ts'
import { addAccessToken, revokeAccessToken } from '../store/access/access-tokens.ts'
import { addAccount } from '../store/access/accounts.ts'
import { addOwner } from '../store/access/owners.ts'
import { issueToken } from './access-tokens.ts'
import { makeSigningKey } from './keys.ts'
import { opaqueId } from './opaque-tokens.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const partsOf = (token: string) => token.split('.') as [string, string, string]

/** The same bytes, spelt otherwise: unused bits at the end of the last character. */
function otherSpelling(part: string): string {
  const last = alphabet.indexOf(part.at(-1)!)
  const unused = [0, 0, 15, 3][part.length % 4]!
  const other = alphabet[last ^ (unused & 1)]!
  return part.slice(0, -1) + other
}

function signing(key: KeyObject, header: object, payload: string | object): Promise<string> {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return new CompactSign(Buffer.from(text)).setProtectedHeader(header as { alg: string }).sign(key)
}

for (const engine of routeEngines)
  describe(`Forged tokens on ${engine.name}`, () => {
    let scene: Scene
    let end: () => void
    let played: Promise<void>
    before(async () => {
      await new Promise<void>((resolve, reject) => {
        played = withScene(engine, (playing) => {
          scene = playing
          resolve()
          return new Promise((finish) => (end = finish))
        })
        played.catch(reject)
      })
    })
    after(async () => {
      end()
      await played
    })

    test('no algorithm but RS256 counts, however it is written', async () => {
      const { app, key, ownerToken } = scene
      const claims = decodeJwt(ownerToken)
      const [, payload, signature] = partsOf(ownerToken)
      const jwk = { ...createPublicKey(key.publicPem).export({ format: 'jwk' }), kid: key.keyId }
      for (const alg of [
        'none',
        'None',
        'NONE',
        'nOnE',
        '',
        'rs256',
        'RS256 ',
        'RSA',
        null,
        256,
        ['RS256'],
        {},
      ]) {
        const head = encoded({ alg, typ: 'JWT', kid: key.keyId })
        for (const last of ['', signature])
          await refuses(app, `${head}.${payload}.${last}`, JSON.stringify(alg))
      }
      const secrets = [
        key.publicPem,
        key.publicPem.trim(),
        key.publicPem.replaceAll('\n', ''),
        key.publicPem.split('\n').slice(1, -2).join(''),
        createPublicKey(key.publicPem).export({ type: 'spki', format: 'der' }),
        JSON.stringify(jwk),
        Buffer.from(String(jwk.n), 'base64url'),
        key.keyId,
        '',
      ]
      for (const [alg, hash] of [
        ['HS256', 'sha256'],
        ['HS384', 'sha384'],
        ['HS512', 'sha512'],
        ['RS256', 'sha256'],
      ] as const)
        for (const secret of secrets) {
          const signed = `${encoded({ alg, typ: 'JWT', kid: key.keyId })}.${payload}`
          await refuses(app, `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`, alg)
        }
      const own = createPrivateKey(key.privatePem)
      for (const alg of ['RS384', 'RS512', 'PS256', 'PS384', 'PS512'])
        await refuses(app, await signing(own, { alg, kid: key.keyId }, claims), alg)
    })

    test('a key that comes with the token is not looked at, and no address in it is visited', async () => {
      const { app, key, ownerToken } = scene
      const claims = decodeJwt(ownerToken)
      const visits: string[] = []
      const server = createServer((request, reply) => {
        visits.push(String(request.url))
        reply.end('{"keys":[]}')
      })
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const theirs = await makeSigningKey()
      const jwk = createPublicKey(theirs.publicPem).export({ format: 'jwk' })
      const extras: object[] = [
        { jwk },
        { jwk, kid: 'theirs' },
        { jku: `${address}/jwks.json` },
        { x5u: `${address}/cert.pem` },
        {
          x5c: [createPublicKey(theirs.publicPem).export({ type: 'spki', format: 'der' }).toString('base64')],
        },
        { x5t: 'AAAA', jku: address, jwk, kid: `${address}/key` },
        { url: address, iss: address },
      ]
      for (const extra of extras) {
        const header = { alg: 'RS256', kid: key.keyId, ...extra }
        const forged = await signing(createPrivateKey(theirs.privatePem), header, claims)
        await refuses(app, forged, JSON.stringify(Object.keys(extra)))
        const ours = await signing(createPrivateKey(key.privatePem), { ...header, kid: key.keyId }, claims)
        assert.equal((await ask(app, ours)).statusCode, 200, 'what is not needed is ignored')
      }
      server.close()
      assert.deepEqual(visits, [])
    })

    test('a header that demands what is not understood is refused', async () => {
      const { app, key, ownerToken } = scene
      const claims = decodeJwt(ownerToken)
      const head = encoded({ alg: 'RS256', kid: key.keyId, crit: ['exp'], exp: 1 })
      const own = createPrivateKey(key.privatePem)
      for (const crit of [['exp'], ['b64'], ['x'], [], 'b64', null]) {
        const signed = `${encoded({ alg: 'RS256', kid: key.keyId, crit, b64: true, exp: 1, x: 1 })}.${encoded(claims)}`
        await refuses(app, rawSignature(signed, own), JSON.stringify(crit))
      }
      const detached = rawSignature(`${head}.`, own)
      await refuses(app, detached)
      const unencoded = encoded({ alg: 'RS256', kid: key.keyId, b64: false, crit: ['b64'] })
      await refuses(app, rawSignature(`${unencoded}.${JSON.stringify(claims)}`, own))
    })

    test('a token counts in one spelling only: no padding, no white space, no other letters, no unused bits', async () => {
      const { app, ownerToken } = scene
      assert.equal((await ask(app, ownerToken)).statusCode, 200)
      const parts = partsOf(ownerToken)
      const respelt = (position: number, change: (part: string) => string) =>
        parts.map((part, index) => (index === position ? change(part) : part)).join('.')
      for (const position of [0, 1, 2]) {
        const changes: [string, (part: string) => string][] = [
          ['padding', (part) => `${part}=`],
          ['more padding', (part) => `${part}==`],
          ['unused bits', otherSpelling],
          ['a space inside', (part) => `${part.slice(0, 8)} ${part.slice(8)}`],
          ['a space behind', (part) => `${part} `],
          ['a tab inside', (part) => `${part.slice(0, 8)}\t${part.slice(8)}`],
          ['a line end inside', (part) => `${part.slice(0, 8)}\n${part.slice(8)}`],
          ['a letter that is none', (part) => `${part.slice(0, 8)}!${part.slice(8)}`],
          ['percent', (part) => `${part.slice(0, 8)}%2D${part.slice(8)}`],
          ['a byte beyond', (part) => `${part}A`],
          ['the other alphabet', (part) => part.replaceAll('-', '+').replaceAll('_', '/')],
        ]
        for (const [what, change] of changes) {
          const text = respelt(position, change)
          if (text.trim() !== ownerToken) await refuses(app, text, `${what} in part ${position}`)
        }
      }
      for (const text of [
        `${ownerToken}.`,
        `.${ownerToken}`,
        `${ownerToken}.${parts[2]}`,
        parts.slice(0, 2).join('.'),
      ])
        await refuses(app, text)
      assert.equal((await ask(app, ownerToken)).statusCode, 200)
    })

    test('the other alphabet is refused even where it is the only difference', async () => {
      const { app, key, ownerToken } = scene
      let token = ownerToken
      for (let tries = 0; !/[-_]/.test(partsOf(token)[2]); tries += 1)
        token = await signedWith(key, { ...decodeJwt(ownerToken), tries })
      const [head, payload, signature] = partsOf(token)
      await refuses(app, `${head}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}`)
      assert.equal((await ask(app, token)).statusCode, 200)
    })

    test('every claim is needed, and of its own kind', async () => {
      const { app, key, ownerToken, trackerToken, clock } = scene
      const now = clock.now / 1000
      for (const token of [ownerToken, trackerToken]) {
        const claims = decodeJwt(token)
        for (const name of Object.keys(claims)) {
          await refuses(app, await signedWith(key, { ...claims, [name]: undefined }), `without ${name}`)
          // Which version a token is of is only told: what an application may do is looked up.
          const texts = name === 'applicationVersion' ? [] : ['', 'x', 'constructor']
          for (const value of [null, true, [], {}, 1.5, [claims[name]], ...texts])
            await refuses(
              app,
              await signedWith(key, { ...claims, [name]: value }),
              `${name}: ${JSON.stringify(value)}`,
            )
        }
        for (const iat of [now + 61, 1e300, Number.MAX_SAFE_INTEGER, String(now)])
          await refuses(app, await signedWith(key, { ...claims, iat }), `iat ${iat}`)
        for (const exp of [now, now - 1, 0, String(now + 9)])
          await refuses(app, await signedWith(key, { ...claims, exp }), `exp ${exp}`)
        for (const iss of [
          `https://${domain}`,
          domain.toUpperCase(),
          `${domain}.`,
          `${domain}:443`,
          [domain],
        ])
          await refuses(app, await signedWith(key, { ...claims, iss, resource: iss }), `iss ${String(iss)}`)
      }
    })

    test('an id must be kept, of a signed token, and for whoever the token names', async () => {
      const { app, database, pda, key, clock, ownerToken, trackerToken } = scene
      const { jti: ownerId, ...own } = decodeJwt(ownerToken)
      const { jti: trackerId, ...program } = decodeJwt(trackerToken)
      const kept = {
        subject: owner.subject,
        about: 'a test',
        createdAt: clock.now,
        expiresAt: clock.now + 9e9,
      }
      const opaque = { session: opaqueId('a cookie').tokenId, oauth: opaqueId('a token').tokenId }
      await database.of(pda).write(async (unit) => {
        await addAccessToken(unit, {
          ...kept,
          tokenId: opaque.session,
          kind: 'session',
          holder: 'owner',
        })
        await addAccessToken(unit, {
          ...kept,
          tokenId: opaque.oauth,
          kind: 'oauth',
          holder: 'tracker',
          scope: '',
        })
        await addAccessToken(unit, {
          ...kept,
          tokenId: 'a-grant',
          kind: 'grant',
          holder: 'owner',
          grantId: 'a-grant',
        })
      })
      for (const jti of ['f'.repeat(64), '', 'a\0b', "' or 1=1 --", opaque.session, opaque.oauth, 'a-grant'])
        for (const claims of [own, program])
          await refuses(app, await signedWith(key, { ...claims, jti }), `jti ${jti}`)
      await refuses(app, await signedWith(key, { ...own, jti: trackerId }), "the application's id")
      await refuses(app, await signedWith(key, { ...program, jti: ownerId }), "the owner's id")
      await refuses(app, await signedWith(key, { ...program, jti: trackerId, application: 'other' }))
      await refuses(
        app,
        await signedWith(key, { ...own, jti: ownerId, accessScope: 'platform' }),
        'a user of its name',
      )
      await refuses(app, await signedWith(key, { ...own, jti: ownerId, sub: `user:${owner.subject}` }))
      for (const text of ['a cookie', opaque.session, opaque.oauth, String(ownerId), 'a-grant'])
        await refuses(app, text, `${text} as an opaque token`)
      assert.equal((await ask(app, 'a token')).statusCode, 200)
      const account = { pda, domain }
      const context = { database, now: () => clock.now }
      const revoked = await issueToken(context, account, { kind: 'owner', subject: owner.subject }, 'a test')
      assert.equal((await ask(app, revoked)).statusCode, 200)
      await database.of(pda).write((unit) => revokeAccessToken(unit, String(decodeJwt(revoked).jti)))
      await refuses(app, revoked)
    })

    test('nothing of another account counts here, and nothing of this one there', async () => {
      const { app, database, clock, key, ownerToken, pda } = scene
      const theirDomain = 'they.example.org'
      const theirKey = await makeSigningKey()
      const theirs = (await addAccount(database, theirDomain, theirKey, clock.now)) as number
      await database.of(theirs).write((unit) => addOwner(unit, owner, clock.now))
      const bearer = { kind: 'owner', subject: owner.subject } as const
      const context = { database, now: () => clock.now }
      const token = await issueToken(context, { pda: theirs, domain: theirDomain }, bearer, 'a test')
      assert.equal((await ask(app, token, theirDomain)).statusCode, 200)
      await refuses(app, token, 'their token here')
      await refuses(app, ownerToken, 'our token there', theirDomain)
      const claims = decodeJwt(token)
      const ours = { ...claims, iss: domain, resource: domain }
      await refuses(app, await signedWith(theirKey, ours), 'our name under their key')
      await refuses(app, await signedWith({ ...theirKey, keyId: key.keyId }, ours), 'and under our key id')
      await refuses(app, await signedWith(key, ours), 'their id under our key')
      await refuses(app, await signedWith(key, claims), 'their token under our key')
      await refuses(app, await signedWith(key, claims), 'their token under our key, there', theirDomain)
      const elsewhere = { ...decodeJwt(ownerToken), iss: theirDomain, resource: theirDomain }
      await refuses(app, await signedWith(theirKey, elsewhere), 'our id under their key', theirDomain)
      assert.equal(pda === theirs, false)
    })

    test('what is no token at all, or a monstrous one, is refused and breaks nothing', async () => {
      const { app, key, ownerToken } = scene
      const own = createPrivateKey(key.privatePem)
      const header = { alg: 'RS256', kid: key.keyId }
      const deep = `${'['.repeat(3000)}${']'.repeat(3000)}`
      const payloads = ['', 'x', 'null', '[]', '"x"', '1', '{', '\ufeff{}', '{"__proto__":{"iss":1}}', deep]
      for (const payload of payloads)
        await refuses(app, await signing(own, header, payload), payload.slice(0, 20))
      await refuses(app, await signing(own, header, `{"iss":"x","claims":${deep}}`), 'nested')
      await refuses(app, await signing(own, { ...header, cty: 'JWT' }, ownerToken), 'a token in a token')
      for (const kid of [
        '',
        '../../etc/passwd',
        "' or 1=1 --",
        'x'.repeat(10_000),
        1,
        null,
        [key.keyId],
        { a: 1 },
      ])
        await refuses(app, await signing(own, { alg: 'RS256', kid }, decodeJwt(ownerToken)), 'kid')
      await refuses(app, await signing(own, { alg: 'RS256', kid: 'a\0b' }, decodeJwt(ownerToken)))
      const [head, payload, signature] = partsOf(ownerToken)
      const monsters = [
        '.'.repeat(100_000),
        `${head}.${'A'.repeat(1_000_000)}.${signature}`,
        `${head}.${payload}.${'A'.repeat(1_000_000)}`,
        `${head}.${payload}.${signature}${'.A'.repeat(10_000)}`,
        `${encoded({ ...header, fill: 'x'.repeat(500_000) })}.${payload}.${signature}`,
        `${head}.${payload}.${signature}.${signature}.${signature}`,
        JSON.stringify({ payload, signatures: [{ protected: head, signature }] }),
        'A'.repeat(1_000_000),
      ]
      for (const text of monsters) await refuses(app, text, text.slice(0, 40))
      for (const authorization of [
        'Bearer',
        'Bearer ',
        `Basic ${ownerToken}`,
        `Bearer ${ownerToken} x`,
        ownerToken,
      ]) {
        const answer = await app.inject({ url: '/whoami', headers: { host: domain, authorization } })
        assert.equal(answer.statusCode, 401, authorization.slice(0, 20))
      }
      const both = { host: domain, 'x-auth-token': 'x.y.z', authorization: `Bearer ${ownerToken}` }
      assert.equal((await app.inject({ url: '/whoami', headers: both })).statusCode, 401, 'the first decides')
    })

    test('no change to a token makes another that counts', async () => {
      const { app, key, ownerToken, trackerToken } = scene
      const tokens = fc.constantFrom(ownerToken, trackerToken)
      const letters = fc.string({
        unit: fc.constantFrom(...alphabet.split(''), '.', '=', '+', '/', ' ', '"'),
        maxLength: 6,
      })
      const cut = fc.tuple(tokens, fc.nat(2000), fc.nat(4), letters).map(([token, at, length, put]) => {
        const start = at % (token.length + 1)
        return token.slice(0, start) + put + token.slice(start + length)
      })
      const mixed = fc
        .tuple(tokens, tokens, tokens)
        .map((three) => three.map((token, index) => partsOf(token)[index]).join('.'))
      const swapped = fc
        .tuple(tokens, fc.shuffledSubarray([0, 1, 2]))
        .map(([token, order]) => order.map((index) => partsOf(token)[index]).join('.'))
      const claims = fc
        .tuple(tokens, fc.dictionary(fc.constantFrom(...names), fc.jsonValue()))
        .map(([token, changes]) => {
          const [head, , signature] = partsOf(token)
          return `${head}.${encoded({ ...decodeJwt(token), ...changes })}.${signature}`
        })
      const headers = fc
        .tuple(tokens, fc.dictionary(fc.constantFrom('alg', 'kid', 'crit', 'typ'), fc.jsonValue()))
        .map(([token, changes]) => {
          const [, payload, signature] = partsOf(token)
          return `${encoded({ alg: 'RS256', typ: 'JWT', kid: key.keyId, ...changes })}.${payload}.${signature}`
        })
      await fc.assert(
        fc.asyncProperty(fc.oneof(cut, mixed, swapped, claims, headers), async (text) => {
          if ([ownerToken, trackerToken].includes(text.trim())) return
          const { statusCode, body } = await ask(app, text)
          assert.equal(statusCode, 401, `${text}: ${body}`)
        }),
        { numRuns: 600 },
      )
      for (const token of [ownerToken, trackerToken]) assert.equal((await ask(app, token)).statusCode, 200)
    })

    test('properly signed claims count only when they are those that were issued', async () => {
      const { app, key, ownerToken } = scene
      const issued = decodeJwt(ownerToken)
      await fc.assert(
        fc.asyncProperty(
          fc.dictionary(fc.constantFrom(...names), fc.jsonValue(), { minKeys: 1 }),
          async (changes) => {
            const changed = Object.entries(changes).some(([name, value]) => issued[name] !== value)
            // An earlier beginning, or a later end than what is kept, gives nothing.
            const { iat: _iat, exp: _exp, applicationVersion: _version, ...others } = changes
            if (!changed || Object.keys(others).length === 0) return
            const { statusCode } = await ask(app, await signedWith(key, { ...issued, ...changes }))
            assert.equal(statusCode, 401, JSON.stringify(changes))
          },
        ),
        { numRuns: 150 },
      )
    })
  })

const names = [
  'iss',
  'sub',
  'jti',
  'iat',
  'exp',
  'accessScope',
  'resource',
  'application',
  'applicationVersion',
]

function rawSignature(signed: string, key: KeyObject): string {
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`
}

import assert from 'node:assert/strict'
import { createHmac, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { decodeJwt, SignJWT } from 'jose'
import { routeEngines } from '../../test/engines.ts'
import { ask, domain, refuses, signedWith, withScene } from '../../test/scene.ts'

const wrongClaims: [what: string, claims: (now: number) => object][] = [
  ['expired', (now) => ({ exp: now })],
  ['without an end', () => ({ exp: undefined })],
  ['with an end that is no number', () => ({ exp: '9999999999' })],
  ['without a beginning', () => ({ iat: undefined })],
  ['with a beginning that is no number', () => ({ iat: 'now' })],
  ['from the future', (now) => ({ iat: now + 61 })],
  ['from another issuer', () => ({ iss: 'you.example.org', resource: 'you.example.org' })],
  ['from an issuer written with its scheme', () => ({ iss: `https://${domain}` })],
  ['for another resource', () => ({ resource: 'https://shop.example.org' })],
  ['with another scope', () => ({ accessScope: 'validate' })],
  ['without any kind', () => ({ accessScope: undefined, resource: undefined })],
  ['of both kinds at once', () => ({ application: 'tracker', applicationVersion: '1.2.0' })],
  [
    'of an unknown application',
    () => ({ accessScope: undefined, application: 'nobody', applicationVersion: '1.0.0' }),
  ],
  ['of an application without a version', () => ({ accessScope: undefined, application: 'tracker' })],
  [
    'of an application with a strange name',
    () => ({ accessScope: undefined, application: "x' or 1=1 --\0", applicationVersion: '1.0.0' }),
  ],
  ['of nobody', () => ({ sub: undefined })],
  ['of somebody who is not the owner', () => ({ sub: 'a9b8' })],
  ['without an id', () => ({ jti: undefined })],
]

for (const engine of routeEngines) {
  test(`${engine.name}: no token, and what is no token, are refused with 401`, () =>
    withScene(engine, async ({ app }) => {
      const none = await app.inject({ url: '/whoami', headers: { host: domain } })
      assert.equal(none.statusCode, 401)
      assert.equal(none.json().code, 'not_authenticated')
      const document = `https://${domain}/.well-known/oauth-protected-resource`
      const challenge = (scope: string) => `Bearer resource_metadata="${document}", scope="${scope}"`
      assert.equal(none.headers['www-authenticate'], challenge('read write'))
      for (const text of [
        '',
        'x',
        'a.b.c',
        '..',
        'eyJhbGciOiJSUzI1NiJ9..',
        '\u00ff.\u00ff.\u00ff',
        `${'a'.repeat(9000)}.b.c`,
      ]) {
        const answer = await refuses(app, text)
        assert.match(String(answer.headers['www-authenticate']), /, error="invalid_token"$/)
      }
    }))

  test(`${engine.name}: a token is refused when it was not signed with this account's key`, () =>
    withScene(engine, async ({ app, key, ownerToken }) => {
      const claims = decodeJwt(ownerToken)
      const [head, payload, signature] = ownerToken.split('.') as [string, string, string]
      const none = `${encoded({ alg: 'none', typ: 'JWT', kid: key.keyId })}.${payload}.`
      await refuses(app, none)
      await refuses(app, none + signature)
      await refuses(app, `${head}.${payload}.`)
      const confused = `${encoded({ alg: 'HS256', typ: 'JWT', kid: key.keyId })}.${payload}`
      const hmac = createHmac('sha256', key.publicPem).update(confused).digest('base64url')
      await refuses(app, `${confused}.${hmac}`)
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      await refuses(
        app,
        await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.keyId }).sign(privateKey),
      )
      await refuses(app, `${head}.${encoded({ ...claims, sub: 'root' })}.${signature}`)
      await refuses(app, `${head}.${payload}.${signature.slice(0, -4)}AAAA`)
      const other = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'PS256', kid: key.keyId })
        .sign(createPrivateKey(key.privatePem))
      await refuses(app, other)
    }))

  test(`${engine.name}: a token is refused without its key's id, or with one of another key`, () =>
    withScene(engine, async ({ app, key, ownerToken }) => {
      const sign = (header: object) =>
        new SignJWT(decodeJwt(ownerToken))
          .setProtectedHeader({ alg: 'RS256', ...header })
          .sign(createPrivateKey(key.privatePem))
      for (const header of [{}, { kid: '' }, { kid: 'other' }, { kid: 'a\0b' }])
        await refuses(app, await sign(header))
      assert.equal((await ask(app, await sign({ kid: key.keyId }))).statusCode, 200)
    }))

  test(`${engine.name}: a clock that is a little ahead is forgiven`, () =>
    withScene(engine, async ({ app, key, ownerToken, clock }) => {
      const token = await signedWith(key, { ...decodeJwt(ownerToken), iat: clock.now / 1000 + 60 })
      assert.equal((await ask(app, token)).statusCode, 200)
    }))

  test(`${engine.name}: a properly signed token is refused when what it says does not hold`, () =>
    withScene(engine, async ({ app, key, ownerToken, clock }) => {
      const signed = (changes: object) => signedWith(key, { ...decodeJwt(ownerToken), ...changes })
      assert.equal((await ask(app, await signed({}))).statusCode, 200)
      for (const [what, changes] of wrongClaims)
        await refuses(app, await signed(changes(clock.now / 1000)), what)
    }))
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '@hatstand/api/operations.ts'
import { connect } from '@hatstand/sdk'
import { freshFolder } from '../../../test/engines.ts'
import { createApp } from '../../app.ts'
import { readConfig } from '../../config.ts'
import { openDatabase } from '../../database/open.ts'
import { openApiDocument } from './openapi.ts'

const database = await openDatabase({ dataDir: freshFolder(), databaseUrl: undefined }, false)
const app = await createApp({ config: readConfig({ HATSTAND_LOG_LEVEL: 'silent' }), database, now: Date.now })
test.after(async () => {
  await app.close()
  await database.close()
})

test('the description and the page are served to anybody, on any host', async () => {
  const headers = { host: 'nobody.example.org' }
  const description = await app.inject({ url: '/openapi.json', headers })
  assert.deepEqual(description.json(), JSON.parse(JSON.stringify(openApiDocument())))
  const page = await app.inject({ url: '/docs', headers })
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
  assert.match(String(page.headers['content-security-policy']), /^default-src 'none'/)
})

test('the description has every route of the server and no other', () => {
  const prefixes = ['/api/v2.6', '/api/v2', '/api/v2.0']
  const described = operations.flatMap(({ method, path, root }) =>
    (root ? [''] : prefixes).map((prefix) => `${method} ${prefix}${path}`),
  )
  const served = routesOf(app.printRoutes({ commonPrefix: true })).filter(
    (route) => !isPage(route) && !isOAuth(route) && !route.startsWith('QUERY '),
  )
  assert.deepEqual(served.toSorted(), described.toSorted())
})

test('the SDK has a method for every operation that programs use', () => {
  const pda = connect('http://localhost')
  const methods: Record<string, unknown> = {
    createRecords: pda.records.create,
    listRecords: pda.records.list,
    readRecord: pda.records.get,
    updateRecords: pda.records.update,
    deleteRecords: pda.records.delete,
    deleteEndpoint: pda.records.deleteEndpoint,
    createBatch: pda.batch.create,
    createLink: pda.links.create,
    listSources: pda.endpoints.list,
    eraseRecords: pda.records.erase,
    eraseEndpoint: pda.records.eraseEndpoint,
    queryRecords: pda.queries.list,
    aggregateRecords: pda.queries.aggregate,
    registerCombinator: pda.combinators.register,
    readCombinator: pda.combinators.read,
    listCombinators: pda.combinators.list,
    deleteCombinator: pda.combinators.delete,
    registerBundle: pda.bundles.register,
    readBundle: pda.bundles.read,
    readBundleStructure: pda.bundles.structure,
    listBundles: pda.bundles.list,
    deleteBundle: pda.bundles.delete,
    listApplications: pda.applications.list,
    readApplication: pda.applications.get,
    readDefinition: pda.applications.definition,
    registerApplication: pda.applications.register,
    setUpApplication: pda.applications.setUp,
    disableApplication: pda.applications.disable,
    removeApplication: pda.applications.remove,
    listDataDebits: pda.dataDebits.list,
    readDataDebit: pda.dataDebits.get,
    proposeDataDebit: pda.dataDebits.propose,
    updateDataDebit: pda.dataDebits.update,
    enableDataDebit: pda.dataDebits.enable,
    disableDataDebit: pda.dataDebits.disable,
    rejectDataDebit: pda.dataDebits.reject,
    deleteDataDebit: pda.dataDebits.delete,
    readDataDebitValues: pda.dataDebits.values,
    previewDataDebit: pda.dataDebits.preview,
    listReceipts: pda.receipts.list,
    readReceipt: pda.receipts.get,
    readOlderKey: pda.receipts.key,
    readNoticeKey: pda.receipts.noticeKey,
    createApplicationToken: pda.applications.accessToken,
    createHatLogin: pda.applications.hatLogin,
    createTokenForResource: pda.applications.accessTokenFor,
    createAccessToken: pda.accessTokens.login,
    validateAccessToken: pda.accessTokens.validate,
    changePassword: pda.accessTokens.changePassword,
    endAccessToken: pda.accessTokens.logout,
    listAccessTokens: pda.accessTokens.list,
    revokeAccessToken: pda.accessTokens.revoke,
    revokeAccessTokens: pda.accessTokens.revokeAll,
    listLedger: pda.ledger.list,
    readLedgerHead: pda.ledger.head,
    listSeals: pda.ledger.seals,
    listUsers: pda.users.list,
    createUser: pda.users.create,
    updateUser: pda.users.update,
    enableUser: pda.users.enable,
    disableUser: pda.users.disable,
    deleteUser: pda.users.delete,
    listPublicKeys: pda.publicKeys,
    readPublicKey: pda.publicKey,
    readHealth: pda.health,
    readVersion: pda.version,
    readOpenApi: pda.openApi,
  }
  const forPeople = ['readMetrics', 'readDocs', 'requestPasswordReset', 'resetPassword']
  /** What existing clients ask for in another way. */
  const spelledTwice = [
    'listApplicationsForSignIn',
    'setUpApplicationByGet',
    'disableApplicationByGet',
    'enableDataDebitByGet',
    'enableDataDebitBundle',
    'disableDataDebitByGet',
  ]
  assert.deepEqual(
    operations.map(({ operationId }) => operationId).toSorted(),
    [...Object.keys(methods), ...forPeople, ...spelledTwice].toSorted(),
  )
  for (const method of Object.values(methods)) assert.equal(typeof method, 'function')
})

/** What people use in a browser (`pages/forms.ts`) is no operation of the API. */
function isPage(route: string): boolean {
  return /^(GET|POST) \/($|(setup|sign-in|sign-out|hatlogin|account|forgot-password|auth\/change-password)(\/|$))/.test(
    route,
  )
}

/** OAuth describes itself, at `/.well-known/oauth-authorization-server`. */
function isOAuth(route: string): boolean {
  return /^(GET|POST) \/(oauth\/|\.well-known\/oauth-)/.test(route)
}

/** `GET /users/access_token` and so on, from Fastify's drawing of its tree; `HEAD` comes with every `GET`. */
function routesOf(drawing: string): string[] {
  const above: string[] = []
  return drawing.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods = ''] =
      /^([│ ]*)[├└]── (\(empty root node\)|\S+)(?: \((.*)\))?/.exec(line) ?? []
    if (part === '') return []
    const depth = indent.length / 4
    above.splice(depth, above.length, (above[depth - 1] ?? '') + part.replace('(empty root node)', ''))
    return methods
      .split(', ')
      .filter((method) => !['', 'HEAD', 'OPTIONS'].includes(method))
      .map((method) => `${method} ${above[depth]}`)
  })
}

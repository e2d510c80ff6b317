import assert from 'node:assert/strict'
import { after, before as beforeAll, suite, test } from 'node:test'
import {
  bad,
  badIds,
  type BadInput,
  get,
  post,
  put,
  refusalIn,
  refusesAll,
  remove,
  send,
  someId,
  stored,
} from '../../../test/bad-input.ts'
import { routeEngines } from '../../../test/engines.ts'
import { startServer, type TestServer } from '../../../test/harness.ts'

const badNamespaces = ['Test', 'te_st', 'te.st', 'té', 'te st', '%', 'te/st', '\0', '*', 'TEST']
const badPaths = [
  'Things',
  'a_b',
  'a//b',
  'a/',
  '/a',
  'a/B',
  'a b',
  'a/é',
  'a.json',
  '../a',
  '*',
  'a?b',
  'a\0',
]
const badNumbers = [
  '-1',
  '1.5',
  'abc',
  '',
  '1e3',
  '+5',
  ' 5',
  '0x10',
  '9999999999999999',
  'NaN',
  'Infinity',
  '١',
]
const badFlags = ['yes', '1', 'TRUE', '', 'true ', 'null']

const query = (name: string, value: string) => `${name}=${encodeURIComponent(value)}`
/** The routes that name an endpoint in their path. */
const atEndpoint = (path: string) => [
  get(`/data${path}`),
  post(`/data${path}`, '{"new":1}'),
  remove(`/data${path}`),
  remove(`/data-erasure${path}`),
]

const parameters: BadInput[] = [
  ...badIds.flatMap((id) => [
    bad(get(`/data-record/${encodeURIComponent(id)}`), 'invalid_record_id', /recordId.*UUID/),
    bad(get(`/data/test/things?${query('recordId', id)}`), 'invalid_record_id', /recordId.*UUID/),
    ...[remove('/data'), post('/data-link'), remove('/data-erasure')].flatMap(({ method, path }) => [
      bad({ method, path: `${path}?${query('records', id)}` }, 'invalid_record_id', /records.*UUIDs/),
      bad(
        { method, path: `${path}?records=${someId}&${query('records', id)}` },
        'invalid_record_id',
        /records.*UUIDs/,
      ),
    ]),
  ]),
  ...badNumbers.flatMap((number) =>
    ['take', 'skip'].map((name) =>
      bad(get(`/data/test/things?${query(name, number)}`), 'invalid_query', `${name} must be a whole number`),
    ),
  ),
  ...badFlags.flatMap((flag) => [
    ...['links', 'meta'].flatMap((name) =>
      [get(`/data/test/things?${query(name, flag)}`), get(`/data-record/${someId}?${query(name, flag)}`)].map(
        (request) => bad(request, 'invalid_query', `${name} must be \`true\` or \`false\``),
      ),
    ),
    bad(get(`/data/sources?${query('counts', flag)}`), 'invalid_query', 'counts must be'),
    bad(
      post(`/data/test/things?${query('skipErrors', flag)}`, '[{"new":1}]'),
      'invalid_query',
      'skipErrors must be',
    ),
  ]),
  ...['up', 'ASCENDING', '', 'desc'].map((way) =>
    bad(
      get(`/data/test/things?${query('ordering', way)}`),
      'invalid_query',
      'ordering must be `ascending` or `descending`',
    ),
  ),
  ...[
    'x',
    '',
    'AAAA',
    '-1',
    Buffer.from('1.x').toString('base64url'),
    Buffer.from('12345678901.').toString('base64url'),
  ].map((cursor) =>
    bad(get(`/data/test/things?${query('after', cursor)}`), 'invalid_query', 'after must be'),
  ),
  bad(
    get(`/data/test/things?orderBy=n&after=${Buffer.from('1.').toString('base64url')}`),
    'invalid_query',
    'in the same order',
  ),
  ...[
    'take=1&take=2',
    'skip=0&skip=0',
    'ordering=ascending&ordering=ascending',
    'orderBy=a&orderBy=b',
    'links=true&links=true',
    'meta=true&meta=false',
    'after=x&after=y',
  ].map((twice) => bad(get(`/data/test/things?${twice}`), 'invalid_query', twice.split('=', 1)[0]!)),
  bad(get(`/data/test/things?recordId=${someId}&recordId=${someId}`), 'invalid_record_id', 'recordId'),
  bad(
    post('/data/test/things?skipErrors=true&skipErrors=true', '[{"new":1}]'),
    'invalid_query',
    'skipErrors',
  ),
  bad(get('/data/sources?counts=true&counts=true'), 'invalid_query', 'counts'),
  bad(get(`/data-record/${someId}?nonsense=1`), 'invalid_query', '"nonsense"'),
  bad(remove(`/data/test/things?records=${someId}`), 'invalid_query', 'no query parameter "records" here'),
  ...['take=1', 'recordId=x', 'x=1&y=2', '='].map((asked) =>
    bad(remove(`/data/test/things?${asked}`), 'invalid_query', 'no query parameter "'),
  ),
  bad(remove(`/data?record=${someId}`), 'invalid_query', 'no query parameter "record" here'),
  bad({ ...put('[]'), path: '/data?dryRun=true' }, 'invalid_query', 'no query parameter "dryRun" here'),
  bad(remove(`/data-erasure?records=${someId}&nonsense=1`), 'invalid_query', '"nonsense"'),
  bad(remove(`/data-erasure`), 'invalid_query', 'records is missing'),
  bad(remove(`/data-erasure/test/things?nonsense=1`), 'invalid_query', '"nonsense"'),
  bad(get('/access-tokens?nonsense=1'), 'invalid_query', '"nonsense"'),
  bad(remove('/access-tokens?keepmine=true'), 'invalid_query', '"keepmine"'),
  ...badFlags.map((flag) =>
    bad(remove(`/access-tokens?${query('keepMine', flag)}`), 'invalid_query', 'keepMine must be'),
  ),
  ...['jwt', '', 'Session'].map((kind) =>
    bad(remove(`/access-tokens?${query('kind', kind)}`), 'invalid_query', 'kind must be one of'),
  ),
  bad(remove('/access-tokens?holder=a&holder=b'), 'invalid_query', 'holder must be'),
  ...['x y', 'é', '\0', 'x'.repeat(129)].map((id) =>
    bad(remove(`/access-tokens/${encodeURIComponent(id)}`), 'invalid_query', 'tokenId must be an id'),
  ),
  bad(remove('/access-tokens/unknown'), 'access_token_unknown', 'no access token or session unknown'),
]

const endpoints: BadInput[] = [
  ...badNamespaces.flatMap((namespace) =>
    atEndpoint(`/${encodeURIComponent(namespace)}/things`).map((request) =>
      bad(request, 'invalid_namespace', 'namespace must be'),
    ),
  ),
  ...badPaths.flatMap((path) =>
    atEndpoint(`/test/${encodeURIComponent(path)}`).map((request) =>
      bad(request, 'invalid_endpoint', 'endpoint must be'),
    ),
  ),
  ...['Things', 'a_b', 'a//b', 'a/', '/a', 'a/b//', ''].flatMap((path) =>
    atEndpoint(`/test/${path}`).map((request) => bad(request, 'invalid_endpoint', 'endpoint must be')),
  ),
  ...atEndpoint('//things').map((request) => bad(request, 'invalid_namespace', 'namespace must be')),
  ...atEndpoint('/test').map((request) => bad(request, 'route_unknown', '/test here')),
  ...atEndpoint('/te%ffst/a').map((request) => bad(request, 'request_malformed', 'percent-encoded')),
]

const unknown: BadInput[] = [
  '/nothing',
  '/data-records/x',
  '/data-record',
  '/data-batch/x',
  '/Data/test/things',
  '',
  '/',
].flatMap((path) =>
  ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'].map((method) =>
    bad({ method, path }, 'route_unknown', path || '/api'),
  ),
)

for (const engine of routeEngines)
  suite(`bad parameters on ${engine.name}`, () => {
    let server: TestServer
    let stop: (() => unknown) | undefined
    after(() => stop?.())
    beforeAll(async () => {
      server = await startServer({ after: (fn) => (stop = fn as () => unknown) }, engine)
      await server.owner.records.create('test/things', { n: 1 })
    })

    test('bad ids, numbers, flags, orders and cursors are each refused by name', () =>
      refusesAll(server, parameters))
    test('bad namespaces and endpoints are refused, whatever is wrong with them', () =>
      refusesAll(server, endpoints))
    test('addresses and methods there are none of are refused by name', () => refusesAll(server, unknown))

    test('unknown query names are ignored where existing clients read, and save something new', async () => {
      const [record] = await server.owner.records.list('test/things')
      for (const [index, prefix] of [
        '/data/test/things',
        '/data/sources',
        '/data-link',
        '/data-batch',
      ].entries()) {
        const asked = {
          '/data-link': post(`/data-link?records=${record!.recordId}&x=1`),
          '/data-batch': post('/data-batch?x=1', '[]'),
        }[prefix]
        const answer = await send(server, asked ?? get(`${prefix}?nonsense=${index}&x[]=1`))
        assert.ok(answer.status < 300, answer.text)
      }
    })

    test('nothing given to delete deletes nothing', async () => {
      const before = await stored(server)
      for (const path of ['/data', '/data?records=', '/data?records=&records='])
        assert.equal((await send(server, remove(path))).status, 200)
      assert.deepEqual(await stored(server), before)
    })

    test('a refusal says the same as problem+json', async () => {
      const response = await fetch(`${server.url}/api/v2.6/data/test/things?take=-1`, {
        headers: { 'x-auth-token': server.token, accept: 'application/problem+json' },
      })
      const { type, title, status, detail, ...rest } = (await response.json()) as Record<string, unknown>
      assert.deepEqual([type, title, status, detail], ['about:blank', 'Bad Request', 400, rest['cause']])
      refusalIn({ status: 400, type: 'application/json', text: JSON.stringify(rest) }, 'problem+json')
    })
  })

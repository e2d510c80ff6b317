import assert from 'node:assert/strict'
import { api, type Cell, endpoint, json, next, plain, type Row } from './rights-cells.ts'

const asked = (route: string, body: object) => async (cell: Cell) => ({
  path: `${api}/${route}/${await endpoint(cell)}`,
  headers: json,
  body: JSON.stringify(body),
})

/** A combinator, or a name that none has. */
async function combinator(cell: Cell): Promise<{ path: string }> {
  const { server, exists } = cell
  const name = `list/${next()}`
  if (exists) await server.owner.combinators.register(name, [{ endpoint: await endpoint(cell) }])
  return { path: `${api}/combinator/${name}` }
}

const bundle =
  (more = '') =>
  async (cell: Cell): Promise<{ path: string }> => {
    const { server, exists } = cell
    const name = `bundle-${next()}`
    const saved = { one: { endpoints: [{ endpoint: await endpoint(cell) }] } }
    if (exists) await server.owner.bundles.register(name, saved)
    return { path: `${api}/data-bundle/${name}${more}` }
  }

const registered = (route: string, body: string) => async () => ({
  path: `${api}/${route}/new-${next()}`,
  headers: json,
  body,
})

/** How queries are asked for, and who may. */
export const queryRows: Record<string, Row> = {
  queryRecords: {
    right: 'read',
    reads: { as: 'query', records: true },
    request: asked('data-query', { take: 5 }),
    check: ({ text }) => assert.equal(JSON.parse(text).length, 1),
  },
  aggregateRecords: {
    right: 'read',
    reads: { as: 'aggregate', records: true },
    request: asked('data-aggregate', { aggregates: { n: { aggregate: 'count' } } }),
    check: ({ text }) => assert.equal(JSON.parse(text).groups[0].records, 1),
  },
  registerCombinator: {
    right: 'role owner',
    status: 201,
    request: registered('combinator', '[{"endpoint":"mine/one"}]'),
  },
  readCombinator: { right: 'role owner', reads: { as: 'query', records: true }, request: combinator },
  listCombinators: { right: 'role owner', request: plain(`${api}/combinator`) },
  deleteCombinator: { right: 'role owner', request: combinator },
  registerBundle: {
    right: 'role owner',
    status: 201,
    request: registered('data-bundle', '{"one":{"endpoints":[{"endpoint":"mine/one"}]}}'),
  },
  readBundle: { right: 'role owner', reads: { as: 'query', records: true }, request: bundle() },
  readBundleStructure: { right: 'role owner', request: bundle('/structure') },
  listBundles: { right: 'role owner', request: plain(`${api}/data-bundle`) },
  deleteBundle: { right: 'role owner', request: bundle() },
}

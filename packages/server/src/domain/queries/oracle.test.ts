import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { combinators, properties } from '../../../test/generated-queries.ts'
import { parsed, type Value } from '../../../test/naive-order.ts'
import * as naive from '../../../test/naive-queries.ts'
import { matches } from './filters.ts'
import { mapped } from './mapping.ts'
import { orderPathOf, keyAt } from './ordering.ts'
import { type EndpointQuery, readBundle, readEndpointQueries } from './query.ts'
import { keyRanges } from './ranges.ts'
import { QueryError } from './text.ts'

/** Queries as they are kept: what is read comes back from JSON as it was. */
function readAgain(text: string): EndpointQuery[] {
  const queries = readEndpointQueries(text)
  const again: EndpointQuery[] = JSON.parse(JSON.stringify(queries))
  assert.deepEqual(again, queries)
  return again
}

test('filters pass what a naive reading of the same words passes', () => {
  let passed = 0
  fc.assert(
    fc.property(combinators, ({ combinator: text, records }) => {
      const wires = parsed(text) as Value[]
      for (const [index, { filters }] of readAgain(text).entries()) {
        const wanted = ((wires[index] as Map<string, Value>).get('filters') ?? []) as Value[]
        // Each alone, so that more of them pass, then all together.
        for (const some of [[], ...filters.keys().map((one) => [one]), [...filters.keys()]]) {
          const [ours, theirs] = [some.map((one) => filters[one]!), some.map((one) => wanted[one]!)]
          for (const record of records) {
            const expected = naive.passes(new Map([['filters', theirs]]), parsed(record))
            assert.equal(matches(ours, record), expected, `${text} on ${record}`)
            if (expected && some.length > 0) passed += 1
          }
        }
      }
    }),
    { numRuns: 600 },
  )
  assert.ok(passed > 300, `only ${passed} records passed a filter`)
})

test('the keys of every record that passes are within the ranges that narrow the search', () => {
  let narrowed = 0
  fc.assert(
    fc.property(combinators, ({ combinator: text, records }) => {
      for (const filter of readEndpointQueries(text).flatMap(({ filters }) => filters)) {
        const range = keyRanges(filter)
        if (!range) continue
        for (const record of records.filter((one) => matches([filter], one))) {
          const key = keyAt(record, range.path, false)
          narrowed += 1
          assert.ok(
            range.ranges.some(
              ({ low, high }) => Buffer.compare(low, key) <= 0 && Buffer.compare(key, high) <= 0,
            ),
          )
        }
      }
    }),
    { numRuns: 500 },
  )
  assert.ok(narrowed > 20, `only ${narrowed} records were narrowed down to`)
})

test('mappings make what a naive reading of the same words makes, every number spelt as it was', () => {
  let made = 0
  fc.assert(
    fc.property(combinators, ({ combinator: text, records }) => {
      const wires = parsed(text) as Map<string, Value>[]
      for (const [index, { mapping }] of readAgain(text).entries()) {
        const rules = wires[index]!.get('mapping') as Map<string, Value> | undefined
        if (!mapping || !rules) continue
        for (const record of records) {
          const result = mapped(mapping, record)
          assert.deepEqual(parsed(result), naive.mapped(rules, parsed(record)), `${text} on ${record}`)
          if (result !== '{}') made += 1
        }
      }
    }),
    { numRuns: 400 },
  )
  assert.ok(made > 500, `only ${made} results had anything`)
})

test('a property answers the records of a naive reading, in its order', () => {
  fc.assert(
    fc.property(properties(12), ({ property: text, records }) => {
      let property
      try {
        property = readBundle(`{"p":${text}}`).get('p')!
      } catch (error) {
        assert.ok(error instanceof QueryError && error.path === 'p.orderBy', String(error))
        return
      }
      const { endpoints, orderBy, ordering, limit } = property
      const rows = endpoints.flatMap((query) =>
        records.flatMap(({ endpoint, text: data, recordId }, place) =>
          endpoint === query.endpoint && matches(query.filters, data)
            ? [
                {
                  recordId,
                  place: ordering === 'ascending' && orderBy === undefined ? -place : place,
                  key:
                    orderBy === undefined
                      ? undefined
                      : keyAt(data, orderPathOf(query, orderBy), ordering === 'descending'),
                },
              ]
            : [],
        ),
      )
      rows.sort((a, b) => (a.key && b.key ? Buffer.compare(a.key, b.key) : 0) || b.place - a.place)
      assert.deepEqual(
        rows.slice(0, limit).map(({ recordId }) => recordId),
        naive.answered(records, text).map(({ recordId }) => recordId),
        text,
      )
    }),
    { numRuns: 500 },
  )
})

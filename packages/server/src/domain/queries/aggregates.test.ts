import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exampleAggregateAnswer, exampleAggregateQuery } from '@hatstand/api/aggregates.ts'
import fc from 'fast-check'
import { intervalStart, timeZone } from '../json/time-zone.ts'
import { readAggregates, add, maxDistinct, maxGroups, result, start } from './aggregates.ts'
import { QueryError } from './text.ts'

function answer(query: object, records: readonly string[]): string {
  const aggregation = start(readAggregates(JSON.stringify(query)))
  for (const record of records) add(aggregation, record)
  return result(aggregation)
}

function refused(query: string, path: string, reason: RegExp, records: readonly string[] = []): void {
  assert.throws(
    () => {
      const aggregation = start(readAggregates(query))
      for (const record of records) add(aggregation, record)
    },
    (error) => {
      assert.ok(error instanceof QueryError, String(error))
      assert.equal(error.path, path)
      assert.match(error.reason, reason)
      return true
    },
  )
}

const all = {
  records: { aggregate: 'count' },
  paid: { aggregate: 'count', field: 'paid' },
  least: { aggregate: 'min', field: 'paid' },
  most: { aggregate: 'max', field: 'paid' },
  sum: { aggregate: 'sum', field: 'paid' },
  average: { aggregate: 'average', field: 'paid' },
  different: { aggregate: 'distinct', field: 'paid' },
}

test('numbers are counted, compared, added and averaged exactly, whatever their spelling', () => {
  const records = [
    '{"paid":0.1}',
    '{"paid":2e-1}',
    '{"paid":9007199254740993}',
    '{"paid":0.10}',
    '{"paid":null}',
    '{}',
    'null',
  ]
  assert.equal(
    answer({ aggregates: all }, records),
    '{"groups":[{"records":7,"values":{"records":7,"paid":4,"least":0.1,"most":9007199254740993,' +
      '"sum":9007199254740993.4,"average":2251799813685248.35,"different":3}}]}',
  )
})

test('where nothing counts, there is no minimum, sum or average', () => {
  const nothing =
    '"records":0,"values":{"records":0,"paid":0,"least":null,"most":null,"sum":null,"average":null,"different":0}'
  assert.equal(answer({ aggregates: all }, []), `{"groups":[{${nothing}}]}`)
  assert.equal(answer({ aggregates: all, groupBy: 'shop' }, []), '{"groups":[]}')
})

test('a sum passes over what is no number; minimum and maximum take strings too, and arrays only count', () => {
  const records = [
    '{"paid":"12"}',
    '{"paid":3}',
    '{"paid":[1]}',
    '{"paid":[1.0]}',
    '{"paid":"\\u0031\\u0032"}',
  ]
  assert.equal(
    answer({ aggregates: all }, records),
    '{"groups":[{"records":5,"values":{"records":5,"paid":5,"least":"12","most":3,"sum":3,"average":3,"different":3}}]}',
  )
})

test('a number of any size can be the smallest or greatest, but not a part of a sum', () => {
  const records = ['{"paid":1e999999999}', '{"paid":1}', '{"paid":-1e-999999999}']
  const ends = { least: all.least, most: all.most }
  assert.equal(
    answer({ aggregates: ends }, records),
    '{"groups":[{"records":3,"values":{"least":-1e-999999999,"most":1e999999999}}]}',
  )
  const sum = JSON.stringify({ aggregates: { 'a.b': all.sum } })
  refused(sum, 'aggregates.a\\.b', /more than 1000 digits .*: 1e999999999$/, records)
})

test('records are grouped by equal values, in their order, those without one last', () => {
  const records = [
    '{"shop":"b","n":1}',
    '{"n":2}',
    '{"shop":1.0,"n":4}',
    '{"shop":1,"n":8}',
    '{"shop":null,"n":16}',
    '{"shop":"\\u0062","n":32}',
  ]
  assert.equal(
    answer({ aggregates: { n: { aggregate: 'sum', field: 'n' } }, groupBy: 'shop' }, records),
    '{"groups":[{"value":"b","records":2,"values":{"n":33}},{"value":1,"records":2,"values":{"n":12}},' +
      '{"value":null,"records":2,"values":{"n":18}}]}',
  )
})

test('a histogram counts by the calendar of its time zone, and what has no date last', () => {
  const records = [
    '"2026-03-28T23:30:00Z"',
    '"2026-03-29T21:59:59Z"',
    '1774821600',
    '"2026-03-29"',
    '"soon"',
    '"2017-04-10T14:19:59:+01:00"',
  ]
  const query = {
    aggregates: { n: { aggregate: 'count' } },
    histogram: { field: 'at', interval: 'day', timeZone: 'Europe/Berlin' },
  }
  const groups = JSON.parse(
    answer(
      query,
      records.map((at) => `{"at":${at}}`),
    ),
  ).groups
  assert.deepEqual(
    groups.map(({ from, records: n }: { from: string; records: number }) => [from, n]),
    [
      ['2017-04-10T00:00:00+02:00', 1],
      ['2026-03-29T00:00:00+01:00', 3],
      ['2026-03-30T00:00:00+02:00', 1],
      [null, 1],
    ],
  )
})

test('a day without a time is the same day in every time zone', () => {
  for (const zone of ['America/New_York', 'UTC', 'Pacific/Kiritimati']) {
    const query = {
      aggregates: { n: { aggregate: 'count' } },
      histogram: { field: 'at', interval: 'day', timeZone: zone },
    }
    assert.match(answer(query, ['{"at":"2026-05-01"}']), /"from":"2026-05-01T00:00:00/)
  }
})

test('a histogram may be grouped too, and is in UTC unless told otherwise', () => {
  const query = {
    aggregates: { n: { aggregate: 'count' } },
    groupBy: 'shop',
    histogram: { field: 'at', interval: 'month' },
  }
  const records = [
    '{"at":"2026-02-03","shop":"b"}',
    '{"at":"2026-02-28T23:00:00-05:00","shop":"a"}',
    '{"at":"2026-02-04","shop":"a"}',
  ]
  assert.equal(
    answer(query, records),
    '{"groups":[{"from":"2026-02-01T00:00:00Z","value":"a","records":1,"values":{"n":1}},' +
      '{"from":"2026-02-01T00:00:00Z","value":"b","records":1,"values":{"n":1}},' +
      '{"from":"2026-03-01T00:00:00Z","value":"a","records":1,"values":{"n":1}}]}',
  )
})

test('dates that no calendar shows count as none', () => {
  const query = {
    aggregates: { n: { aggregate: 'count' } },
    histogram: { field: 'at', interval: 'year', timeZone: 'Asia/Tokyo' },
  }
  const records = [
    '{"at":1e15}',
    '{"at":-1e11}',
    '{"at":8.64e12}',
    '{"at":"9999-12-31T23:59:59Z"}',
    '{"at":1e999999999}',
    '{}',
  ]
  assert.match(answer(query, records), /^\{"groups":\[\{"from":null,"records":6,/)
})

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => `{"n":${index},"shop":${index % 9}}`)

test('more groups or different values than can be kept are refused, not left out', () => {
  const groups = JSON.stringify({ aggregates: { a: { aggregate: 'count' } }, groupBy: 'n' })
  refused(groups, 'groupBy', /more than 10000 groups/, numbered(maxGroups + 1))
  const distinct = JSON.stringify({
    aggregates: { a: { aggregate: 'distinct', field: 'n' } },
    groupBy: 'shop',
  })
  refused(distinct, 'aggregates.a', /more than 100000 different values/, numbered(maxDistinct + 1))
  const long = Array.from({ length: 5 }, (_, index) => `{"n":"${index}${'x'.repeat(1_000_000)}"}`)
  refused(groups, 'groupBy', /more than 4000000 characters/, long)
  refused(
    JSON.stringify({ aggregates: { a: { aggregate: 'max', field: 'n' } } }),
    'aggregates.a',
    /more than 10000 char/,
    long,
  )
  assert.match(answer({ aggregates: { a: { aggregate: 'distinct', field: 'n' } } }, long), /"a":5/)
})

test('what is asked wrongly is refused with its place', () => {
  const one = '"aggregates":{"a":{"aggregate":"count"}}'
  refused('[]', '', /must be an object/)
  refused('{}', 'aggregates', /must be there/)
  refused('{"aggregates":{}}', 'aggregates', /1 to 20/)
  refused(
    '{"aggregates":{"a":{"aggregate":"median","field":"x"}}}',
    'aggregates.a.aggregate',
    /count, min, max, sum/,
  )
  refused('{"aggregates":{"a":{"aggregate":"sum"}}}', 'aggregates.a.field', /must be there/)
  refused('{"aggregates":{"a":{"aggregate":"sum","field":"a..b"}}}', 'aggregates.a.field', /must be a path/)
  refused('{"aggregates":{"":{"aggregate":"count"}}}', 'aggregates.', /name of 1 to 100/)
  refused(`{${one},"groupby":"x"}`, 'groupby', /must be one of/)
  refused(`{${one},"groupBy":7}`, 'groupBy', /must be a text/)
  refused(`{${one},"histogram":{"field":"x","interval":"fortnight"}}`, 'histogram.interval', /year, quarter/)
  refused(
    `{${one},"histogram":{"field":"x","interval":"day","timeZone":"Mars"}}`,
    'histogram.timeZone',
    /time zone/,
  )
})

test('the example in the documentation is answered as it says there', () => {
  const records = [
    '{"amount":12.30,"date":"2026-03-01"}',
    '{"amount":0.05,"date":"2026-03-31T23:59:00+02:00"}',
    '{"date":1773000000}',
  ]
  const shop = '"shop":"Corner Shop"'
  const given = answer(
    exampleAggregateQuery,
    records.map((record) => record.replace('}', `,${shop}}`)),
  )
  assert.deepEqual(JSON.parse(given), exampleAggregateAnswer)
})

const amounts = fc.integer({ min: -500, max: 500 })
const purchases = fc.record({
  shop: fc.constantFrom('a', 'b', undefined),
  cents: amounts,
  at: fc.integer({ min: 1_700_000_000, max: 1_720_000_000 }),
})

test('whatever the records and their order: groups, sums and extremes are those of plain counting', () => {
  const zone = timeZone('America/New_York')!
  const query = {
    aggregates: { n: { aggregate: 'distinct', field: 'cents' }, ...all },
    groupBy: 'shop',
    histogram: { field: 'at', interval: 'month', timeZone: zone.name },
  }
  const property = fc.property(fc.array(purchases, { maxLength: 30 }), (list) => {
    const records = list.map(({ shop, cents, at }) => JSON.stringify({ shop, cents, paid: cents, at }))
    const given = answer(query, records)
    assert.equal(answer(query, records.toReversed()), given)
    const expected = new Map<string, number[]>()
    for (const { shop, cents, at } of list) {
      const key = `${intervalStart(zone, at * 1000, 'month')} ${shop ?? null}`
      expected.set(key, [...(expected.get(key) ?? []), cents])
    }
    const { groups } = JSON.parse(given)
    assert.equal(groups.length, expected.size)
    for (const { from, value, records: n, values } of groups) {
      const cents = expected.get(`${Date.parse(from)} ${value}`) ?? []
      assert.deepEqual([n, values.sum], [cents.length, cents.reduce((a, b) => a + b, 0)])
      assert.deepEqual(
        [values.least, values.most, values.n],
        [Math.min(...cents), Math.max(...cents), new Set(cents).size],
      )
    }
  })
  fc.assert(property, { numRuns: 150 })
})

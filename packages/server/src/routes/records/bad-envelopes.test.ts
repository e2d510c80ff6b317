import { test } from 'node:test'
import {
  bad,
  badIds,
  type BadInput,
  get,
  post,
  put,
  refusesAll,
  remove,
  someId,
} from '../../../test/bad-input.ts'
import { routeEngines } from '../../../test/engines.ts'
import { startServer } from '../../../test/harness.ts'

const badEndpoints = [
  '',
  'test',
  'test/',
  '/things',
  'test//things',
  'test/things/',
  'Test/things',
  'test/a_b',
  'te st/x',
  'test/\\u0000',
  'test/é',
]

const envelopes: BadInput[] = [
  ...[(body: string) => post('/data-batch', body), put].flatMap((of) => [
    ...['{}', '1', '"x"', 'null', '{"endpoint":"test/things","data":1}'].map((text) =>
      bad(of(text), 'invalid_body', 'The body must be an array'),
    ),
    ...['1', '"x"', 'null', '[]', 'true'].map((text) =>
      bad(of(`[${text}]`), 'invalid_body', /index 0 must be an object with endpoint and data/),
    ),
    bad(of('[{}]'), 'invalid_body', 'index 0 has no endpoint'),
    bad(of('[{"data":1}]'), 'invalid_body', 'index 0 has no endpoint'),
    ...['1', 'null', '{}', '["test/things"]'].map((text) =>
      bad(
        of(`[{"endpoint":${text},"data":1}]`),
        'invalid_body',
        /endpoint of the record at index 0 must be a string/,
      ),
    ),
    ...badEndpoints.map((text) =>
      bad(
        of(`[{"endpoint":"${text}","recordId":"${someId}","data":1}]`),
        'invalid_endpoint',
        /endpoint of the record at index 0 must be/,
      ),
    ),
    bad(of(`[{"endpoint":"test/things","recordId":"${someId}"}]`), 'invalid_body', 'index 0 has no data'),
    bad(
      of(`[{"endpoint":"test/things","recordId":"${someId}","data":1},{"endpoint":"test/things"}]`),
      'invalid_body',
      'index 1 has no data',
    ),
  ]),
  ...['1', '{}', '"x"', 'true'].map((text) =>
    bad(
      post('/data-batch', `[{"endpoint":"test/a","data":1,"links":${text}}]`),
      'invalid_body',
      'links of the record at index 0 must be an array',
    ),
  ),
  bad(
    post('/data-batch', '[{"endpoint":"test/a","data":1,"links":[1]}]'),
    'invalid_body',
    'ink 0 of the record at index 0 must be an object',
  ),
  bad(
    post(
      '/data-batch',
      '[{"endpoint":"test/a","data":1},{"endpoint":"test/a","data":2,"links":[{"endpoint":"test/a","data":3,"links":[{"endpoint":"test/a","data":4},{"endpoint":"test/a"}]}]}]',
    ),
    'invalid_body',
    'ink 1 of link 0 of the record at index 1 has no data',
  ),
  bad(put('[{"endpoint":"test/things","data":1}]'), 'invalid_body', 'index 0 has no recordId'),
  ...['1', 'null', '[]', `["${someId}"]`].map((text) =>
    bad(
      put(`[{"endpoint":"test/things","recordId":${text},"data":1}]`),
      'invalid_body',
      /recordId of the record at index 0 must be a string/,
    ),
  ),
  ...badIds.map((id) =>
    bad(
      put(`[{"endpoint":"test/things","recordId":${JSON.stringify(id)},"data":1}]`),
      'invalid_record_id',
      /recordId of the record at index 0 must be a UUID/,
    ),
  ),
  bad(
    put(`[{"endpoint":"test/things","recordId":"${someId}","data":1}]`),
    'data_missing',
    'index 0 does not exist',
  ),
  bad(remove(`/data?records=${someId}`), 'data_missing', 'does not exist'),
  bad(post(`/data-link?records=${someId}`), 'data_missing', 'does not exist'),
  bad(post('/data-link'), 'data_missing', 'records'),
  bad(post('/data-link?records='), 'data_missing', 'records'),
  bad(remove(`/data-erasure?records=${someId}`), 'data_missing', 'does not exist'),
  bad(get(`/data-record/${someId}`), 'record_unknown', 'no such record'),
]

for (const engine of routeEngines)
  test(`envelopes and ids that cannot be meant are refused with the member and the index, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    await server.owner.records.create('test/things', { n: 1 })
    await refusesAll(server, envelopes)
  })

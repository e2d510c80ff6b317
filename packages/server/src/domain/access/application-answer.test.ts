import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { exampleDefinition } from '@hatstand/api/application-definition.ts'
import { definitionAnswered } from './application-answer.ts'
import { noLogo } from './definition.ts'

test('a definition that says everything is answered to the letter, as the one among the examples does', async () => {
  const example = await readFile(
    join(import.meta.dirname, '../../../../../examples/application.json'),
    'utf8',
  )
  for (const text of [
    example,
    JSON.stringify(exampleDefinition),
    ` \n${JSON.stringify(exampleDefinition, null, 3)} `,
  ])
    assert.equal(definitionAnswered(text), text)
})

test('what official dashboards look at unasked is there, and all else stays as it was spelt', () => {
  const text = `{ "a" : 1.0, "info":{"updateNotes": { "header":"\\u00e9" },
    "graphics":{"logo":{"normal":"","small":""},"screenshots":[]} ,"x":12345678901234567890},"setup":{ "kind" : "Internal" } }`
  assert.equal(
    definitionAnswered(text),
    `{ "a" : 1.0, "info":{"rating":{"score":"","points":0},"updateNotes": {"notes":[], "header":"\\u00e9" },
    "graphics":{"logo":{"normal":${JSON.stringify(noLogo)},"small":""},"screenshots":[]} ,"x":12345678901234567890},"setup":{"validRedirectUris":[], "kind" : "Internal" } }`,
  )
})

test('a rating, notes, a logo and addresses that were given are left alone, however their names are spelt', () => {
  const text = String.raw`{"info":{"\u0072ating":{"score":"A","points":4},"updateNotes":{"header":"","notes":["n"]},"graphics":{"logo":{"normal":"x"}}},"setup":{"validRedirectUris":["y"]}}`
  assert.equal(definitionAnswered(text), text)
})

const twice = (last: string) =>
  `{"info":{"rating":0,"graphics":{"logo":{"normal":"x","normal":${last}}}},"setup":{"validRedirectUris":[]}}`

test('an object without members gets one, and an empty logo that is written twice is the last', () => {
  assert.equal(
    definitionAnswered('{"info":{ },"setup":{}}'),
    '{"info":{"rating":{"score":"","points":0} },"setup":{"validRedirectUris":[]}}',
  )
  assert.equal(definitionAnswered(twice('""')), twice(JSON.stringify(noLogo)))
  assert.equal(definitionAnswered(twice('"z"')), twice('"z"'))
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { megabytesInTimeOf } from '../../../test/work.ts'
import { hasWords, maxWordBytes, maxWords, queryWords, searchableWords, wordLimit, wordsOf } from './words.ts'

const texts = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.string())

test('words are cut at whatever is no letter or digit, in lower case, in their order', () => {
  assert.deepEqual(wordsOf("Don't PANIC: the answer is 42, 42!"), [
    'don',
    't',
    'panic',
    'the',
    'answer',
    'is',
    '42',
    '42',
  ])
  assert.deepEqual(wordsOf('me@example.com, 2017-04-10 snake_case'), [
    'me',
    'example',
    'com',
    '2017',
    '04',
    '10',
    'snake',
    'case',
  ])
  assert.deepEqual(wordsOf(' \u0000 ,;! \ud800 😀'), [])
})

test('accents, case and compatible characters make no difference', () => {
  const spellings = [
    ['Café', 'cafe\u0301', 'CAFE'],
    ['Straße', 'STRASSE'],
    ['İstanbul', 'istanbul', 'ıstanbul'],
    ['Łódź', 'lodz'],
    ['Ærøskøbing', 'aeroskobing'],
    ['ὀδός', 'ΟΔΟΣ', 'οδοσ'],
    ['ﬁn', 'ＦＩＮ', 'fin'],
    ['co\u00adoperate', 'cooperate'],
    ['مُحَمَّد', 'محمد'],
  ]
  for (const [one = '', ...others] of spellings)
    for (const other of others) assert.deepEqual(wordsOf(other), wordsOf(one), `${one} and ${other}`)
})

test('vowel signs and voiced sounds that change a word are kept', () => {
  assert.notDeepEqual(wordsOf('की'), wordsOf('का'))
  assert.notDeepEqual(wordsOf('か'), wordsOf('が'))
  assert.deepEqual(wordsOf('한국어'), ['한국어'])
})

test('Chinese and Japanese are found by any part, Thai by its words', () => {
  const data = JSON.stringify({ text: '我在北京大学 データベース', thai: 'สวัสดีชาวโลก' })
  for (const search of ['北京', '京', '大学', '北京大学', 'データ', 'ﾃﾞｰﾀ', 'สวัสดี', 'ชาว โลก'])
    assert.ok(hasWords(data, queryWords(search)), search)
  for (const search of ['京北', '学大', 'タデ', 'ราตรี'])
    assert.ok(!hasWords(data, queryWords(search)), search)
})

test('a search wants every one of its words, in any order, and none of them in a key', () => {
  const data = '{"note":"Bought caf\\u00e9 cr\\u00E8me","shop":{"name":["Corner", "Shop"]},"n":7}'
  assert.ok(hasWords(data, queryWords('corner Creme')))
  assert.ok(!hasWords(data, queryWords('corner milk')))
  assert.ok(!hasWords(data, queryWords('note')))
  assert.ok(!hasWords(data, queryWords('7')))
})

test('a search without a word finds nothing', () => {
  assert.deepEqual(queryWords('?! 😀'), [])
  assert.ok(!hasWords('"?!"', []))
})

test('a search below a path sees only what is there', () => {
  const data = '{"a":{"b":"one","c":"two"},"d":"three","a.b":"four"}'
  assert.ok(hasWords(data, ['one'], ['a', 'b']))
  assert.ok(!hasWords(data, ['two'], ['a', 'b']))
  assert.ok(hasWords(data, ['two', 'one'], ['a']))
  assert.ok(!hasWords(data, ['one'], ['x']))
  assert.deepEqual(searchableWords(data, ['a']), { words: ['one', 'two'], all: true })
  assert.deepEqual(searchableWords('{"a" :"b:"}'), { words: ['b'], all: true })
  assert.deepEqual(searchableWords('"key" ', []), { words: ['key'], all: true })
})

test('a very long word is found by its beginning, in no more time than it takes to read it', () => {
  const long = 'é'.repeat(2_000_000)
  assert.ok(hasWords(JSON.stringify(long), queryWords('e'.repeat(wordLimit))))
  assert.deepEqual(queryWords('x'.repeat(100_000)), ['x'.repeat(wordLimit)])
  assert.ok(hasWords(JSON.stringify('北'.repeat(200_000)), ['北北']))
})

test('a record with more words than an index keeps says so, and is still found', () => {
  const many = JSON.stringify(Array.from({ length: maxWords + 5 }, (_, index) => `w${index}`))
  const kept = searchableWords(many)
  assert.equal(kept.all, false)
  assert.equal(kept.words.length, maxWords)
  assert.ok(hasWords(many, queryWords(`w${maxWords + 4} w0`)))
  const wide = JSON.stringify(Array.from({ length: 5000 }, (_, index) => `${index}${'ж'.repeat(60)}`))
  const fewer = searchableWords(wide)
  assert.equal(fewer.all, false)
  assert.ok(Buffer.byteLength(fewer.words.join('')) <= maxWordBytes)
})

test('whatever the text: every word is short, has no sign, is its own only word, and finds its text', () => {
  const property = fc.property(texts, texts, (text, other) => {
    const data = JSON.stringify({ a: [other, { b: text }] })
    const words = wordsOf(text)
    for (const word of words) {
      assert.ok(Array.from(word).length <= wordLimit && word.isWellFormed())
      assert.ok(/^[a-z0-9\u0080-\u{10ffff}]+$/u.test(word), word)
      assert.deepEqual(wordsOf(word), [word])
    }
    const all = new Set(searchableWords(data).words)
    assert.ok(words.every((word) => all.has(word)))
    assert.equal(hasWords(data, queryWords(text)), words.length > 0)
  })
  fc.assert(property, { numRuns: 300 })
})

test('megabytes of heaped accents are searched in the time it takes to read them', () => {
  const read = megabytesInTimeOf(() => {
    const heap = `a${'\u0301'.repeat(2000)}${'\u0316'.repeat(2000)}`
    assert.equal(hasWords(JSON.stringify(heap.repeat(500)), ['zzz']), false)
    assert.ok(hasWords(JSON.stringify(heap), ['a']))
  })
  assert.ok(read < 80, `the time it takes to read ${read} MB`)
})

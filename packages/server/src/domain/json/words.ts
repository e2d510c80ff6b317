import { skipSpace, stringEnd, stringValue } from '@hatstand/api/json.ts'
import { valueAt } from './comparing.ts'

/** A word counts to this many characters: longer ones are found by their beginning. */
export const wordLimit = 64
/** The most different words an index keeps of one record, and the most UTF-8 bytes of them (a tsvector holds 1 MiB). */
export const maxWords = 20_000
export const maxWordBytes = 524_288

/** Letters, marks, digits and what joins them without showing; longer runs are cut, so that no text is folded as a whole. */
const run = /[\p{L}\p{N}][\p{L}\p{M}\p{N}\u00ad\u0640\u200c\u200d]{0,4095}/gu
/** What NFKD leaves of accents, of Arabic and Hebrew vowel signs, and what does not show. Vowels of other scripts stay. */
const accents = new RegExp(
  String.raw`[\u00ad\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670` +
    String.raw`\u06d6-\u06dc\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]`,
  'g',
)
/** Letters whose accent Unicode does not take apart, and the sigma at a word's end. */
const foldedLetters: Record<string, string> = {
  æ: 'ae',
  ð: 'd',
  ø: 'o',
  þ: 'th',
  đ: 'd',
  ħ: 'h',
  ł: 'l',
  œ: 'oe',
  ŧ: 't',
  ς: 'σ',
}
const letters = new RegExp(`[${Object.keys(foldedLetters).join('')}]`, 'g')
const plain = /^[a-z0-9]*$/
const ascii = /^[\0-\x7f]*$/
/** Scripts without spaces whose readers search for any part of what is written together. */
const ideographs = /[[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}]&&[\p{L}\p{N}]]+/v
/** Scripts without spaces whose words a dictionary tells apart. */
const unspaced = /[\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]/u

let segmenter: Intl.Segmenter | undefined

/**
 * The words of a text, in its order, repeated ones too: lower case, accents folded, compatible characters as one (NFKD: `ﬁ` is
 * `fi`), of at most 64 characters. They are made of letters, marks and digits, so of ASCII only `a-z0-9`: no index has to quote
 * them. Chinese and Japanese give every pair of neighbours (`東京都`: `東京`, `京都`), which a dictionary's cut would tear apart
 * differently in a text and in a search; Thai, Lao, Khmer and Burmese are cut by `Intl.Segmenter`.
 */
export const wordsOf = (text: string): string[] => [...eachWord(text, false)]

/**
 * The different words of a search: a record matches when it has all of them (`hasWords`). None, when the search has no word.
 *
 * @param search what is searched for; the JSON text of what is no string
 */
export const queryWords = (search: string): string[] => [...new Set(eachWord(search, false))]

/**
 * The different words of all strings in a record, or below a path; keys are none. Other than `wordsOf` it gives single Chinese
 * and Japanese characters too, so that a search for one finds.
 *
 * @param data a record's data, valid JSON
 * @returns `all` is false when there were more than an index keeps (`maxWords`, `maxWordBytes`): only `hasWords` decides then
 */
export function searchableWords(
  data: string,
  path: readonly string[] = [],
): { words: string[]; all: boolean } {
  const words = new Set<string>()
  let bytes = 0
  for (const word of wordsBelow(data, path)) {
    if (words.has(word)) continue
    bytes += Buffer.byteLength(word)
    if (words.size >= maxWords || bytes > maxWordBytes) return { words: [...words], all: false }
    words.add(word)
  }
  return { words: [...words], all: true }
}

/**
 * Whether the strings of a record, or below a path, have all of the words, however many they have; never without a word.
 *
 * @param words as `queryWords` gives them
 */
export function hasWords(data: string, words: readonly string[], path: readonly string[] = []): boolean {
  const missing = new Set(words)
  if (missing.size === 0) return false
  for (const word of wordsBelow(data, path)) if (missing.delete(word) && missing.size === 0) return true
  return false
}

function* wordsBelow(data: string, path: readonly string[]): Generator<string> {
  const span = valueAt(data, path)
  if (!span) return
  for (let at = data.indexOf('"', span.start); at >= 0 && at < span.end;) {
    const end = stringEnd(data, at)
    const isKey = data[skipSpace(data, end)] === ':'
    if (!isKey || end >= span.end) yield* eachWord(stringValue(data, at, end), true)
    at = data.indexOf('"', end)
  }
}

function* eachWord(text: string, singles: boolean): Generator<string> {
  for (const [found] of text.matchAll(run)) {
    if (plain.test(found)) yield found.slice(0, wordLimit)
    else if (ascii.test(found)) yield found.slice(0, wordLimit).toLowerCase()
    else for (const [folded] of fold(found).matchAll(run)) yield* parts(folded, singles)
  }
}

/** More marks on one letter nobody writes (UAX #15, Stream-Safe Text Format), and to put them in order takes time by their square. */
const heaped = /(\p{M}{30})\p{M}+/gu

/** One spelling for what readers take as the same; what is folded stays as it is when it is folded again. */
function fold(word: string): string {
  const bare = word
    .replace(heaped, '$1')
    .normalize('NFKD')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(accents, '')
  return bare.replace(letters, (letter) => foldedLetters[letter]!).normalize('NFC')
}

function* parts(word: string, singles: boolean): Generator<string> {
  let rest = word
  for (let found = ideographs.exec(rest); found; found = ideographs.exec(rest)) {
    if (found.index > 0) yield* spoken(rest.slice(0, found.index))
    yield* pairs(Array.from(found[0]), singles)
    rest = rest.slice(found.index + found[0].length)
  }
  if (rest !== '') yield* spoken(rest)
}

function* pairs(characters: readonly string[], singles: boolean): Generator<string> {
  for (const [index, character] of characters.entries()) {
    if (singles || characters.length === 1) yield character
    if (index > 0) yield characters[index - 1]! + character
  }
}

function* spoken(word: string): Generator<string> {
  // A mark whose letter was cut off is no word.
  const from = word.search(/[\p{L}\p{N}]/u)
  if (from < 0) return
  const spelt = word.slice(from)
  if (!unspaced.test(spelt)) return yield shortened(spelt)
  segmenter ??= new Intl.Segmenter('en', { granularity: 'word' })
  for (const { segment, isWordLike } of segmenter.segment(spelt)) if (isWordLike) yield shortened(segment)
}

const shortened = (word: string): string =>
  word.length <= wordLimit ? word : Array.from(word).slice(0, wordLimit).join('')

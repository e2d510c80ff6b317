import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ApiError } from '../../errors.ts'
import { requireStrength, passwordProblem } from './strength.ts'

const known = ['alice', 'alice@example.org', 'me.example.org']

test('a password that is hard to guess will do, in any script and of any allowed length', async () => {
  for (const password of [
    'correct horse battery',
    'žluťoučký kůň',
    '☂'.repeat(3) + ' rain in Bergen',
    longRandom(1000),
  ])
    assert.equal(await passwordProblem(password, known), undefined, password)
})

test('one that is easily guessed is refused with the reason and advice, in sentences', async () => {
  for (const password of [
    '1234567890',
    'password12',
    'qwertyuiop',
    'aaaaaaaaaaaa',
    'P@ssw0rd123',
    'abcabcabcabc',
  ]) {
    const problem = await passwordProblem(password, [])
    assert.match(String(problem), /^The password is too easy to guess\. ([A-Z][^.]+\. ?){2,}$/, password)
    assert.ok(!problem?.includes(password))
  }
})

test('one made of what is known about the person is refused', async () => {
  assert.match(String(await passwordProblem('alice@example.org', known)), /personal/)
  assert.match(String(await passwordProblem('me.example.org', known)), /too easy/)
})

test('length is judged first, and by characters', async () => {
  assert.match(String(await passwordProblem('☂☂☂☂☂☂☂☂☂', known)), /at least 10 characters/)
  assert.match(String(await passwordProblem('x'.repeat(1001), known)), /at most 1000 characters/)
})

test('many at once, the dearest kind among them, take turns, and nothing of them stays in memory', async () => {
  const dear = '4@8({[<369&#!1/|0$5+7%2'.repeat(40)
  await passwordProblem('warm up the program', known)
  const before = resident()
  const answers = await Promise.all(
    [dear, 'password12', dear, '1234567890'].map((each) => passwordProblem(each, known)),
  )
  assert.deepEqual(
    answers.map((each) => each === undefined),
    [true, false, true, false],
  )
  assert.ok(resident() - before < 12, `${resident() - before} MB more`)
})

test('an API call is refused with a code of its own', () =>
  assert.rejects(
    requireStrength('1234567890', known),
    (error) => error instanceof ApiError && error.code === 'password_weak' && /too easy/.test(error.message),
  ))

function longRandom(length: number): string {
  return Array.from({ length }, (_, index) =>
    String.fromCodePoint(33 + ((index * 37 + index ** 2) % 90)),
  ).join('')
}

/** What the process holds in memory, in MB. */
function resident(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
}

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { passwordLengthProblem } from '../../domain/access/credentials.ts'
import { ApiError } from '../../errors.ts'

const estimator = fileURLToPath(new URL('./estimator.js', import.meta.url))
/** From 0 to 4; 2 withstands a hundred million guesses. */
const minScore = 2
/** What the estimator is shown: its work grows with the square of the length (measured: at most a second for 100). */
const maxCharacters = 100
const timeoutMs = 20_000

type Estimate = { score: number; warning: string | null; suggestions: string[] }

/** The estimate that runs; the next one waits for it. */
let last: Promise<unknown> = Promise.resolve()

/**
 * What is wrong with a password somebody chose, in sentences; undefined when it will do: 10 to 1000 characters, and not easily
 * guessed (zxcvbn's score at least 2, as the original asks).
 * @param known what belongs to the person and must not be all of it: the name, the e-mail address, the domain
 */
export async function passwordProblem(password: string, known: string[]): Promise<string | undefined> {
  const length = passwordLengthProblem(password)
  if (length) return length
  const shown = Array.from(password).slice(0, maxCharacters).join('')
  const mine = last.then(() => estimate(shown, known.flatMap(parts)))
  last = mine.catch(() => undefined)
  const { score, warning, suggestions } = await mine
  if (score >= minScore) return undefined
  return ['The password is too easy to guess.', warning, ...suggestions].filter(Boolean).join(' ')
}

/** @throws `password_weak` (400) that says why */
export async function requireStrength(password: string, known: string[]): Promise<void> {
  const problem = await passwordProblem(password, known)
  if (problem) throw new ApiError('password_weak', problem)
}

/** `anna@example.org` is easily guessed from its parts, too. */
function parts(text: string): string[] {
  return [text, ...text.split(/[^\p{L}\p{N}]+/u)].filter((part) => part.length > 2)
}

/**
 * In a process of its own, 0.3 s for each estimate: with its dictionaries the estimator takes 65 to 160 MB, of which a thread
 * leaves 45 to 70 MB behind when it ends, and a process nothing (measured).
 */
function estimate(password: string, known: string[]): Promise<Estimate> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      ['--max-old-space-size=256', estimator],
      // Nothing of the settings is handed on. The password goes through a pipe: arguments can be seen by other users.
      { env: {}, timeout: timeoutMs },
      (error, answer) =>
        error
          ? reject(new Error(`The password could not be estimated: ${error.signal ?? error.code}.`))
          : resolve(JSON.parse(answer) as Estimate),
    )
    child.stdin?.on('error', () => undefined).end(JSON.stringify({ password, known }))
  })
}

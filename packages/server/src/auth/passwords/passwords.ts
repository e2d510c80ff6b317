import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { tooMany } from './login-limit.ts'

const derive = promisify(argon2)
/** How many run at once: of the four threads that do such work, two stay free to check tokens and write files. */
const maxAtOnce = 2
let running = 0
const waiting: (() => void)[] = []
/** How many wait for their turn, some seconds at most; others are sent away, and take no memory. */
export const maxWaiting = 100

/**
 * OWASP's first recommendation for argon2id: 46 MiB, 1 pass, 1 lane. About 30 ms, on a thread of its own. Of blocks above 32 MB
 * glibc gives the memory back; of the second recommendation's 19 MiB each thread that ever hashed kept them (measured: 40 MB).
 */
const cost = { memory: 47_104, passes: 1, parallelism: 1 }
const tagLength = 32

/**
 * Makes the text that is stored in a password's place: argon2id in PHC form, with its own salt.
 * @throws `too_many_attempts` (429) while too many wait
 */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16)
  const tag = await queued(() => derive('argon2id', { ...cost, message: password, nonce, tagLength }))
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(nonce)}$${base64(tag)}`
}

/**
 * Whether the password is the one that was hashed; false, too, for a text that is no argon2id in PHC form.
 * @throws `too_many_attempts` (429) while too many wait
 */
export async function isPassword(password: string, stored: string): Promise<boolean> {
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/-]+)\$([\w+/-]+)$/.exec(stored)
  if (parts === null) return false
  const [memory, passes, parallelism] = parts.slice(1, 4).map(Number) as [number, number, number]
  const nonce = Buffer.from(parts[4] ?? '', 'base64')
  const tag = Buffer.from(parts[5] ?? '', 'base64')
  const given = { memory, passes, parallelism, message: password, nonce, tagLength: tag.length }
  return timingSafeEqual(await queued(() => derive('argon2id', given)), tag)
}

async function queued<T>(work: () => Promise<T>): Promise<T> {
  if (running < maxAtOnce) running += 1
  else if (waiting.length >= maxWaiting) throw tooMany(5000, `${maxWaiting} passwords waiting to be checked`)
  else await new Promise<void>((resolve) => waiting.push(resolve))
  try {
    return await work()
  } finally {
    // The turn goes to who waited longest.
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}

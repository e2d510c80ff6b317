import { createPublicKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isSignedBy } from '../auth/keys.ts'
import { jwsHeader, jwsPayload, receiptType } from '../jws.ts'
import { CommandError } from './open.ts'

/** `hatstand receipt verify`: the receipt's JSON on standard output, if the key signed it. */
export async function receiptVerify(file: string, { key }: { key: string }): Promise<void> {
  const [jws, pem] = await Promise.all([textOf(file), textOf(key)])
  if (!isPublicKey(pem)) throw new CommandError(`The file ${key} holds no public key in PEM.`)
  const { alg, typ } = jwsHeader(jws) ?? {}
  if (alg !== 'RS256' || typ !== receiptType)
    throw new CommandError(`The file ${file} holds no signed consent receipt.`)
  const end = jws.lastIndexOf('.')
  if (!isSignedBy(pem, jws.slice(0, end), jws.slice(end + 1)))
    throw new CommandError(`The receipt in ${file} was changed, or was not signed with the key in ${key}.`)
  console.log(jwsPayload(jws))
}

async function textOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`The file ${file} cannot be read (${error.code}).`)
  })
  return text.trim()
}

function isPublicKey(pem: string): boolean {
  try {
    return createPublicKey(pem).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}

import { generateKeyPairSync, sign } from 'node:crypto'

/** A key and a certificate for `localhost` that signs itself, both in PEM: X.509 by hand, since Node makes none. */
export function certificateForLocalhost(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(set(sequence(oid('550403'), utf8('localhost'))))
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
  const day = 86_400_000
  const validity = sequence(utcTime(Date.now() - day), utcTime(Date.now() + day))
  const authority = sequence(oid('551d13'), octets(sequence(tagged(0x01, Buffer.from([0xff])))))
  const names = sequence(tagged(0x82, Buffer.from('localhost')), tagged(0x87, Buffer.from([127, 0, 0, 1])))
  const extensions = tagged(0xa3, sequence(authority, sequence(oid('551d11'), octets(names))))
  const version = tagged(0xa0, integer(2))
  const publicInfo = publicKey.export({ type: 'spki', format: 'der' })
  const told = [version, integer(1), ecdsaWithSha256, name, validity, name, publicInfo, extensions]
  const body = sequence(...told)
  const signature = sign('sha256', body, privateKey)
  const whole = sequence(body, ecdsaWithSha256, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = whole.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  }
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: Buffer[]) => tagged(0x30, Buffer.concat(parts))
const set = (...parts: Buffer[]) => tagged(0x31, Buffer.concat(parts))
const integer = (value: number) => tagged(0x02, Buffer.from([value]))
const oid = (hex: string) => tagged(0x06, Buffer.from(hex, 'hex'))
const octets = (content: Buffer) => tagged(0x04, content)
const utf8 = (text: string) => tagged(0x0c, Buffer.from(text))
function utcTime(time: number): Buffer {
  const digits = new Date(time).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return tagged(0x17, Buffer.from(digits.slice(2)))
}

import type { Config } from '../config.ts'

/**
 * Where browsers find an account: `https://alice.example.org`, `http://localhost:8080`. HATSTAND_SCHEME says how; left open, a
 * domain with a port is spoken to by HTTP, one without stands behind something that speaks HTTPS.
 */
export function originOf(domain: string, { scheme, port }: Pick<Config, 'scheme' | 'port'>): string {
  const guess = domain.includes(':') || port === 80 ? 'http' : 'https'
  return `${scheme ?? guess}://${domain}`
}

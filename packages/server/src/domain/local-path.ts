/**
 * A path on this server, with its query, out of what somebody else wrote into an address; undefined for everything a browser
 * would follow to another place: other origins in all their spellings, other schemes, control characters.
 */
export function localPath(text: string): string | undefined {
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes('\\') || text.length > 4000) return undefined
  const here = 'http://here.invalid'
  if (!URL.canParse(text, here)) return undefined
  const { origin, pathname, search } = new URL(text, here)
  // `/.//elsewhere.example` becomes a path that would name a host.
  return origin === here && !pathname.startsWith('//') ? pathname + search : undefined
}

/** Text that may stand in a page as it is. Made by the `markup` tag alone. */
export interface Markup {
  readonly html: string
}

/** What may stand in a page: texts are escaped; a missing value and false stand for nothing. */
export type Piece = Markup | string | number | undefined | false | readonly Piece[]

/**
 * A piece of a page. Every value put into it is escaped, unless it is a piece itself: what came from outside never becomes markup,
 * in text and in quoted attributes alike.
 */
export function markup(parts: TemplateStringsArray, ...values: Piece[]): Markup {
  return { html: parts.map((part, index) => part + written(values[index])).join('') }
}

/** Markup as it is: only for what this program wrote itself. */
export function trusted(text: string): Markup {
  return { html: text }
}

function written(piece: Piece): string {
  if (piece === undefined || piece === false) return ''
  if (typeof piece === 'string' || typeof piece === 'number') return escaped(String(piece))
  return 'html' in piece ? piece.html : piece.map(written).join('')
}

const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => names[character] ?? character)
}

/**
 * Whether a text may stand as a name in what people decide by: something shows of it, and it neither hides anything nor reorders what
 * stands around it. Joiners are letters' own business in many languages.
 */
export const isShownName = (text: string): boolean =>
  /\S/.test(text) && !/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)

/**
 * Whether a longer text may be shown to people: without control characters but line breaks and tabs, and without those that turn
 * the direction of writing round (U+202A to U+202E, U+2066 to U+2069). The marks that right-to-left writing needs (U+200E, U+200F)
 * are no such ones: pages isolate every text from outside.
 */
export const isShownText = (text: string): boolean =>
  !/(?![\t\n\r])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(text)

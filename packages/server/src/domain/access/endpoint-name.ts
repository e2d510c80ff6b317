/** A namespace: the first part of an endpoint's name (HAT API: `[0-9a-z-]+`). */
export const isNamespace = (text: string): boolean => /^[0-9a-z-]+$/.test(text)

/** An endpoint's full name, `namespace/path`: two or more such parts joined by single slashes. */
export const isEndpoint = (text: string): boolean => /^[0-9a-z-]+(\/[0-9a-z-]+)+$/.test(text)

/** The namespace of an endpoint's full name. */
export const namespaceOf = (endpoint: string): string => endpoint.slice(0, endpoint.indexOf('/'))

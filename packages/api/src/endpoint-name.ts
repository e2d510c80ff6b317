/** A namespace: the first part of an endpoint's name (HAT API: `[0-9a-z-]+`). */
export const namespacePattern = '^[0-9a-z-]+$'

/** An endpoint's full name, `namespace/path`: two or more such parts joined by single slashes. */
export const endpointPattern = '^[0-9a-z-]+(/[0-9a-z-]+)+$'

const namespaces = new RegExp(namespacePattern)
const endpoints = new RegExp(endpointPattern)

/** Whether a text can be the name of a namespace. */
export const isNamespace = (text: string): boolean => namespaces.test(text)

/** Whether a text can be the full name of an endpoint. */
export const isEndpoint = (text: string): boolean => endpoints.test(text)

/** The namespace of an endpoint's full name. */
export const namespaceOf = (endpoint: string): string => endpoint.slice(0, endpoint.indexOf('/'))

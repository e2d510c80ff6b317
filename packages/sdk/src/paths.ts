/** Where the API begins. */
export const api = '/api/v2.6'

/** The path of an endpoint, `rumpel/locations`, each part encoded. */
export function pathOf(endpoint: string): string {
  return endpoint.split('/').map(encodeURIComponent).join('/')
}

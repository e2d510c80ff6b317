/** What signing in needs of a browser; the SDK is also read where there is none. */
export interface Browser {
  location: { href: string; assign(url: string): void }
  history: { state: unknown; replaceState(state: unknown, unused: string, url: string): void }
  localStorage: Store
  sessionStorage: Store
  navigator: { locks?: { request<T>(name: string, within: () => Promise<T>): Promise<T> } }
  addEventListener(
    type: 'storage',
    listener: (event: { key: string | null; oldValue: string | null; newValue: string | null }) => void,
  ): void
}

/** Texts by key: of all tabs (`localStorage`), or of one, as long as it is open (`sessionStorage`). */
export interface Store {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

export const browser = globalThis as unknown as Browser

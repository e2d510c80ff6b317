import { browser, type Store } from './browser.ts'

/** One value under one key of a store, as JSON. What others wrote there counts as nothing. */
export function place<T>(store: Store, key: string) {
  return {
    read(): T | undefined {
      try {
        return (JSON.parse(store.getItem(key) ?? 'null') as T | null) ?? undefined
      } catch {
        return undefined
      }
    },
    write: (value: T) => store.setItem(key, JSON.stringify(value)),
    remove: () => store.removeItem(key),
  }
}

type Listener = (isThere: boolean) => void

/** A place that all tabs of a browser share, and what hears when something comes to it or goes, in whichever tab. */
export function sharedPlace<T>(key: string) {
  const { read, write, remove } = place<T>(browser.localStorage, key)
  const listeners = new Set<Listener>()
  const isThere = () => read() !== undefined

  function told(change: () => void): void {
    const before = isThere()
    change()
    if (before !== isThere()) listeners.forEach((listener) => listener(!before))
  }

  // Browsers tell a tab what the other ones change.
  browser.addEventListener('storage', ({ key: at, oldValue, newValue }) => {
    if (at === null || (at === key && (oldValue === null) !== (newValue === null)))
      listeners.forEach((listener) => listener(isThere()))
  })
  return {
    read,
    isThere,
    write: (value: T) => told(() => write(value)),
    remove: () => told(remove),
    onChange(listener: Listener): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

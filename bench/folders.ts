import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders: string[] = []

/** An empty folder, gone when the bench ends. */
export function freshFolder(): string {
  if (folders.length === 0) process.once('exit', () => folders.forEach(removeFolder))
  const folder = mkdtempSync(join(tmpdir(), 'hatstand-bench-'))
  folders.push(folder)
  return folder
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

/** Bytes of its files. */
export function folderBytes(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

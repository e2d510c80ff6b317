import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders: string[] = []
process.once('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

/** A folder that is gone when this process ends. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hatstand-test-'))
  folders.push(folder)
  return folder
}

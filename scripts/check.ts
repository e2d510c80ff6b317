import { spawnSync } from 'node:child_process'
import manifest from '../package.json' with { type: 'json' }

// Every check runs, whatever the ones before it found, and all that failed are named at the end.
const checks = Object.keys(manifest.scripts).filter((name) => name.startsWith('check:'))
const failed = checks.filter(
  (name) => spawnSync(`npm run -s ${name}`, { shell: true, stdio: 'inherit' }).status !== 0,
)
if (failed.length > 0) console.error(`\nFailed: ${failed.map((name) => `npm run ${name}`).join(', ')}`)
process.exitCode = failed.length > 0 ? 1 : 0

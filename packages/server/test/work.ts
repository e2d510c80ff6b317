import { skipValue } from '@hatstand/api/json.ts'

const megabyte = `[${'{"a":[1,"two",null],"b":-3.5e7},'.repeat(31_250)}0]`

/** How many megabytes of JSON this machine could have read with the CPU time that `act` took: a measure that a slow or busy machine does not change. */
export function megabytesInTimeOf(act: () => void): number {
  const one = Math.min(...Array.from({ length: 5 }, () => cpuTime(() => void skipValue(megabyte, 0, 10))))
  return cpuTime(act) / one
}

function cpuTime(act: () => void): number {
  const before = process.cpuUsage()
  act()
  const { user } = process.cpuUsage(before)
  return user
}

export const ownerName = 'phil'
export const ownerPassword = 'a password only for tests'

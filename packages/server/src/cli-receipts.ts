import type { Command } from 'commander'

/** Commands about consent receipts. */
export function receiptCommands(hatstand: Command): void {
  const receipt = hatstand.command('receipt').description('consent receipts, as both sides keep them')
  receipt
    .command('verify')
    .argument('<file>', 'a receipt as it was signed, a compact JWS')
    .requiredOption('--key <pem>', 'the public key of the account: what GET /publickey/ID answered')
    .description('verify a receipt offline, and print what it says; needs no account')
    .action(async (file, options) => (await import('./cli/receipts.ts')).receiptVerify(file, options))
}

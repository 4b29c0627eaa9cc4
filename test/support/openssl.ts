import { mustRun } from './process.ts';

/** What a `x 1 1` record of this certificate holds, by the recipe of the NCSC's factsheet FS-2017-01: nothing of ours computes it. */
export async function opensslSPKI(pem: string): Promise<string> {
  const recipe =
    'openssl x509 -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 | sed "s/.*= *//"';
  return (await mustRun('sh', ['-ec', recipe], { input: pem })).trim();
}

/** Independent DANE implementations that judge what we made: Postfix as a sender of mail, and OpenSSL. */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePostfixFile } from './postfix.ts';
import { mustRun, run } from './process.ts';

export interface Verdict {
  readonly verified: boolean;
  /** What the judge said, for a failing test to show. */
  readonly output: string;
}

/**
 * Postfix's sender at work: looks TLSA up, connects to port 25, and verifies as it would for mail. It asks the resolver in
 * /etc/resolv.conf and believes its AD bit; for this one process that file names `nameserver`. Needs root (a mount namespace).
 */
export async function posttlsFinger(options: {
  /** The MX host. */
  readonly hostname: string;
  /** A validating resolver on port 53 of this address. */
  readonly nameserver: string;
}): Promise<Verdict> {
  const dir = mkdtempSync(join(tmpdir(), 'posttls-finger-'));
  try {
    const resolvConf = join(dir, 'resolv.conf');
    writeFileSync(resolvConf, `nameserver ${options.nameserver}\noptions edns0 trust-ad\n`);
    writePostfixFile(join(dir, 'main.cf'), 'compatibility_level = 3.6\n');
    const { stdout, stderr } = await run(
      'unshare',
      [
        ...['--mount', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec posttls-finger "$@"', resolvConf],
        ...['-c', '-l', 'dane', '-L', 'summary,certmatch'],
        // Without its probe of the public root zone, which this resolver may not know.
        ...['-o', 'smtp_dns_support_level=dnssec', '-o', 'dnssec_probe=', '-o', 'myhostname=client.test'],
        `[${options.hostname}]`,
      ],
      { env: { MAIL_CONFIG: dir } },
    );
    const output = stdout + stderr;
    // It ends with 0 whatever it finds.
    return { verified: output.includes('Verified TLS connection established'), output };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

type StartTls = 'smtp' | 'imap' | 'pop3';

/** The certificates that OpenSSL is shown when it allows signatures by this kind of key only, in the order sent: DER. */
export async function opensslChain(options: {
  readonly address: string;
  readonly port: number;
  readonly hostname: string;
  readonly keyAlgorithm: 'RSA' | 'ECDSA';
  /** The protocol before TLS; without it, TLS begins at once. */
  readonly starttls?: StartTls | undefined;
}): Promise<readonly Buffer[]> {
  const { address, port, hostname, keyAlgorithm, starttls } = options;
  const stdout = await mustRun('openssl', [
    's_client',
    ...(starttls === undefined ? [] : ['-starttls', starttls]),
    ...['-connect', `${address}:${port}`, '-servername', hostname, '-showcerts'],
    ...['-tls1_3', '-sigalgs', keyAlgorithm === 'RSA' ? 'rsa_pss_rsae_sha256' : 'ecdsa_secp256r1_sha256'],
  ]);
  const pems = stdout.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return pems.map((pem) => new X509Certificate(pem).raw);
}

/** OpenSSL's DANE verification of what a server presents, against these records (`3 1 1 <hex>`); no DNS is asked. */
export async function opensslDane(options: {
  readonly address: string;
  readonly port: number;
  readonly hostname: string;
  readonly records: readonly string[];
  /** The protocol before TLS; without it, TLS begins at once. */
  readonly starttls?: StartTls;
}): Promise<Verdict> {
  const { address, port, hostname, records, starttls } = options;
  const { code, stdout, stderr } = await run('openssl', [
    's_client',
    ...(starttls === undefined ? [] : ['-starttls', starttls]),
    ...['-connect', address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`],
    ...['-servername', hostname, '-dane_tlsa_domain', hostname, '-dane_ee_no_namechecks'],
    ...records.flatMap((record) => ['-dane_tlsa_rrdata', record]),
    ...['-verify_return_error', '-no-CAfile', '-no-CApath', '-no-CAstore', '-brief'],
  ]);
  const output = stdout + stderr;
  return { verified: code === 0 && output.includes('Verification: OK'), output };
}

/**
 * The text of a body, which may hold private keys: what the socket delivered is overwritten once it is read. Not ours to overwrite: the
 * parser's copy, which lasts until the next answers, strings, which last until they are collected, and what OpenSSL has.
 */
export async function readAndWipe(body: AsyncIterable<Uint8Array>): Promise<string> {
  const read: Uint8Array[] = [];
  try {
    for await (const chunk of body) read.push(chunk);
    const whole = Buffer.concat(read);
    read.push(whole);
    return whole.toString('utf8');
  } finally {
    for (const octets of read) octets.fill(0);
  }
}

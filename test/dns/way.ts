/** A way to a server over TCP that a test watches, and where it may treat the answers. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

export interface Way {
  /** `host:port`. */
  readonly server: string;
  /** How many requests went this way, one to a connection. */
  readonly requests: () => number;
  readonly stop: () => void;
}

/** `treat` is given a whole answer, with its length in front; what it gives is passed on, and the connection ends where it gives nothing. */
export async function startWay(
  address: string,
  treat: (answer: Buffer) => Buffer | undefined = (answer) => answer,
): Promise<Way> {
  let requests = 0;
  const way = createServer((client) => {
    requests++;
    const upstream = connect(53, address);
    let received = Buffer.alloc(0);
    client.on('error', () => undefined).on('data', (data) => upstream.write(data));
    upstream
      .on('error', () => undefined)
      .on('data', (data: Buffer) => {
        received = Buffer.concat([received, data]);
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
        const treated = treat(received);
        if (treated === undefined) client.destroy();
        else client.write(treated);
        upstream.destroy();
      });
  });
  way.listen(0, '127.0.0.1');
  await once(way, 'listening');
  return {
    server: `127.0.0.1:${(way.address() as AddressInfo).port}`,
    requests: () => requests,
    stop: () => way.close(),
  };
}

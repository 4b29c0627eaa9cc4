/** Requests to the HTTP API of PowerDNS. No redirect is followed: the key goes where the spec says, and nowhere else. */
import { isIP } from 'node:net';
import { Agent, request } from 'undici';
import { addressesOf, lookupRefusingLocal } from '../../server.ts';
import { ApiError, type ApiPlace } from '../api-errors.ts';
import type { RequestRate } from '../request-rates.ts';
import { statusError, toApiError } from './errors.ts';

export interface ClientOptions {
  /** Without `/api/v1`. */
  readonly url: string;
  readonly serverID: string;
  /** PEM. */
  readonly caBundle?: string | undefined;
  readonly apiKey: string;
  readonly timeoutMs: number;
  readonly refuseLocal: boolean;
  readonly rate: RequestRate;
  /** Of changes: asked at the last moment; false: they do not go. */
  readonly maySend: (() => boolean) | undefined;
}

export interface Client {
  /** Below the server, as in `/zones`. The answer is JSON of whatever shape. @throws ApiError */
  readonly get: (path: string, signal?: AbortSignal) => Promise<unknown>;
  /** @throws ApiError */
  readonly patch: (path: string, body: object, signal?: AbortSignal) => Promise<void>;
  /** For messages about `name`. */
  readonly place: (name: string) => ApiPlace;
}

/** More than the list of 50,000 zones takes. */
const MAX_ANSWER = 32 << 20;

export function createClient(options: ClientOptions): Client {
  const { url, serverID, caBundle, apiKey, timeoutMs, refuseLocal, rate, maySend } = options;
  const { hostname, host } = new URL(url);
  const address = hostname.replace(/^\[|\]$/g, '');
  const agent = new Agent({
    maxResponseSize: MAX_ANSWER,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: {
      timeout: timeoutMs,
      ...(caBundle && { ca: caBundle }),
      ...(refuseLocal && { lookup: lookupRefusingLocal }),
    },
  });

  const send = async (
    method: 'GET' | 'PATCH',
    path: string,
    body: object | undefined,
    signal?: AbortSignal,
  ): Promise<string> => {
    // An address is not looked up, so nobody would ask whether it may be used.
    if (refuseLocal && isIP(address) !== 0) await addressesOf({ host: address, port: 0, refuseLocal });
    await rate.take();
    if (method === 'PATCH' && maySend?.() === false) throw new ApiError('Aborted', false);
    const response = await request(`${url}/api/v1/servers/${serverID}${path}`, {
      dispatcher: agent,
      method,
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    if (response.statusCode === (method === 'GET' ? 200 : 204)) return response.body.text();
    await response.body.dump();
    throw statusError(response.statusCode);
  };

  const sending = async (...request: Parameters<typeof send>): Promise<string> => {
    try {
      return await send(...request);
    } catch (error) {
      throw toApiError(error);
    }
  };

  return {
    get: async (path, signal) => {
      const text = await sending('GET', path, undefined, signal);
      try {
        return JSON.parse(text) as unknown;
      } catch {
        throw new ApiError('Malformed', false);
      }
    },
    patch: async (path, body, signal) => {
      await sending('PATCH', path, body, signal);
    },
    place: (name) => ({
      api: `PowerDNS at ${host}`,
      name,
      credential: 'the API key in the Secret',
      permission: 'see what stands in between (PowerDNS itself knows no limits of a key), and webserver-allow-from',
    }),
  };
}

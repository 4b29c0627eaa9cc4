/** Requests to Route 53 by the SDK of AWS: when they may go, how often they are tried, and as whom. */
import type { Route53, Route53ClientConfig } from '@aws-sdk/client-route-53';
import { lookupRefusingLocal } from '../../server.ts';
import { ApiError, type ApiPlace } from '../api-errors.ts';
import type { RequestRate } from '../request-rates.ts';
import { toApiError } from './errors.ts';

export interface Identity {
  /** Without one: whoever the pod is (IRSA, EKS pod identity, a node's role). */
  readonly accessKey?: { readonly id: string; readonly secret: string } | undefined;
  /** Assumed by that one. */
  readonly role?: { readonly arn: string; readonly externalID?: string | undefined } | undefined;
}

export interface ClientOptions extends Identity {
  readonly region: string;
  /** Default: where AWS has Route 53 for the partition of the region. */
  readonly endpoint?: string | undefined;
  readonly timeoutMs: number;
  readonly refuseLocal: boolean;
  readonly rate: RequestRate;
  /** Of changes: asked at the last moment; false: they do not go. */
  readonly maySend: (() => boolean) | undefined;
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

type Call<T> = (route53: Route53, options: { readonly abortSignal?: AbortSignal }) => Promise<T>;

export interface Client {
  /** @throws ApiError */
  readonly read: <T>(call: Call<T>, signal?: AbortSignal) => Promise<T>;
  /** The same for what changes something. @throws ApiError */
  readonly change: <T>(call: Call<T>, signal?: AbortSignal) => Promise<T>;
  /** For messages about `name`. */
  readonly place: (name: string) => ApiPlace;
}

/** With the pauses, up to half a minute. */
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 500;

export function createClient(options: ClientOptions): Client {
  const { rate, maySend, random, sleep } = options;
  let loading: Promise<Route53> | undefined;

  const send = async <T>(call: Call<T>, mayGo: () => boolean, signal?: AbortSignal): Promise<T> => {
    loading ??= load(options);
    const route53 = await loading;
    for (let attempt = 1; ; attempt++) {
      await rate.take();
      if (!mayGo()) throw new ApiError('Aborted', false);
      try {
        return await call(route53, signal === undefined ? {} : { abortSignal: signal });
      } catch (error) {
        const failed = toApiError(error);
        if (!isToBeTriedAgain(failed) || attempt === ATTEMPTS) throw failed;
        const pauseMs = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + random() / 2);
        if (failed.failure === 'Throttled') rate.pause(pauseMs);
        await sleep(pauseMs);
      }
    }
  };

  return {
    read: (call, signal) => send(call, () => true, signal),
    change: (call, signal) => send(call, () => maySend?.() !== false, signal),
    place: (name) => ({
      api: 'Route 53',
      name,
      credential: credentialOf(options),
      permission: `compare with the IAM policy in docs/dnsprovider.md${options.role === undefined ? '' : ', and with the trust policy of the role'}`,
    }),
  };
}

/** Nothing was done, and it is only a question of time. */
function isToBeTriedAgain({ failure }: ApiError): boolean {
  return failure === 'Throttled' || failure === 'Busy';
}

async function load(options: ClientOptions): Promise<Route53> {
  const { Route53 } = await import('@aws-sdk/client-route-53');
  const { region, endpoint, timeoutMs, refuseLocal } = options;
  const agent = refuseLocal ? { lookup: lookupRefusingLocal } : {};
  const requestHandler = {
    connectionTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
  };
  const common: Route53ClientConfig = { region, requestHandler, maxAttempts: 1 };
  const credentials = await credentialsOf(options, common);
  return new Route53({ ...common, ...(endpoint && { endpoint }), ...(credentials && { credentials }) });
}

/** Undefined: the SDK's own search for an identity. */
async function credentialsOf(
  { accessKey, role }: Identity,
  clientConfig: Route53ClientConfig,
): Promise<Route53ClientConfig['credentials']> {
  const own = accessKey && { accessKeyId: accessKey.id, secretAccessKey: accessKey.secret };
  if (role === undefined) return own;
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  const { arn, externalID } = role;
  return fromTemporaryCredentials({
    params: { RoleArn: arn, RoleSessionName: 'tlsa-operator', ...(externalID && { ExternalId: externalID }) },
    clientConfig: { region: clientConfig.region ?? '', maxAttempts: 1 },
    ...(own && { masterCredentials: own }),
  });
}

function credentialOf({ accessKey, role }: Identity): string {
  const who = accessKey === undefined ? 'the identity of the pod' : 'the access key in the Secret';
  return role === undefined ? who : `the role in roleARN, assumed by ${who},`;
}

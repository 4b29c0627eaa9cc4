import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { request as send, type Dispatcher } from 'undici';
import { ApiError, errorOfAnswer, errorWithoutAnswer } from './api-error.ts';
import { loadKubeConfig, poolsFor, type Pools } from './config.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: 'application/json' | 'application/merge-patch+json';
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
  /** For the whole call, default 30 s; of a watch: until the answer begins. */
  readonly timeoutMs?: number;
}

/** Told of every request; `code` is the HTTP status, or `<error>` when no answer came, as client-go has it. */
export type RequestObserver = (method: string, code: string, host: string) => void;

const TIMEOUT_MS = 30_000;

/**
 * The API server. Objects go in and come out as plain JSON: nothing is dropped or converted on the way, so that what was read can be
 * written back. Every failure is an ApiError, but for the caller's own abort, which is thrown as it is.
 */
export class Cluster {
  /** `https://host:port` */
  readonly server: string;
  readonly #config: KubeConfig;
  readonly #observe: RequestObserver;
  #pools: Pools | undefined;

  constructor(config: KubeConfig, observe: RequestObserver = () => undefined) {
    this.server = config.getCurrentCluster()?.server.replace(/\/+$/, '') ?? '';
    this.#config = config;
    this.#observe = observe;
  }

  /** Calls the API server and returns the object it answers with. */
  async call<T>(request: ApiRequest): Promise<T> {
    const signal = within(request.timeoutMs ?? TIMEOUT_MS, request.signal);
    const response = await this.#send(request, signal, ({ calls }) => calls);
    try {
      return (await response.body.json()) as T;
    } catch (cause) {
      request.signal?.throwIfAborted();
      // The parser's message would quote the answer: it is not the cause.
      const isParser = cause instanceof SyntaxError;
      throw errorWithoutAnswer(nameOf(request), 'the answer broke off or is not JSON', isParser ? undefined : cause);
    }
  }

  /** Opens a stream of bytes, for a watch. It has no time-out once it has begun: the caller's signal ends it. */
  async open(request: ApiRequest): Promise<AsyncIterable<Uint8Array>> {
    const headers = new AbortController();
    const timer = setTimeout(() => {
      headers.abort();
    }, request.timeoutMs ?? TIMEOUT_MS);
    try {
      const signals = request.signal === undefined ? [headers.signal] : [headers.signal, request.signal];
      const response = await this.#send(request, AbortSignal.any(signals), ({ watches }) => watches);
      return response.body;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await Promise.all([this.#pools?.calls.destroy(), this.#pools?.watches.destroy()]);
  }

  async #send(
    request: ApiRequest,
    signal: AbortSignal,
    choose: (pools: Pools) => Dispatcher,
  ): Promise<Dispatcher.ResponseData> {
    const url = new URL(this.server + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const { pools, headers } = await this.#authenticate(request);
    let code = '<error>';
    try {
      const response = await send(url, {
        dispatcher: choose(pools),
        method: request.method,
        headers: {
          ...headers,
          'user-agent': 'tlsa-operator',
          accept: request.accept ?? 'application/json',
          ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
        },
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal,
      });
      code = String(response.statusCode);
      if (response.statusCode >= 200 && response.statusCode < 300) return response;
      await response.body.dump();
      throw errorOfAnswer(nameOf(request), response.statusCode);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (error instanceof ApiError) throw error;
      throw errorWithoutAnswer(
        nameOf(request),
        `no answer from the API server at ${url.host}${reasonOf(error)}`,
        error,
      );
    } finally {
      this.#observe(request.method, code, url.host);
    }
  }

  /** Reads the credentials anew: tokens and certificates are rotated. */
  async #authenticate(request: ApiRequest): Promise<{ pools: Pools; headers: Record<string, string> }> {
    const options: RequestOptions = {};
    try {
      await this.#config.applyToHTTPSOptions(options);
      this.#pools = poolsFor(this.#config, options, this.#pools);
    } catch {
      throw errorWithoutAnswer(nameOf(request), 'the credentials that the kubeconfig names cannot be read');
    }
    return { pools: this.#pools, headers: (options.headers ?? {}) as Record<string, string> };
  }
}

function nameOf({ method, path }: ApiRequest): string {
  return `${method} ${path}`;
}

function within(timeoutMs: number, signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

/** Node's own code (ECONNREFUSED, ...), where there is one. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return ' in time';
  return 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
}

/**
 * @param options.kubeconfig `--kubeconfig` or $KUBECONFIG; without it, see loadKubeConfig.
 * @throws OperatorError `KubeconfigInvalid`
 */
export function loadCluster(options: { readonly kubeconfig?: string; readonly observe?: RequestObserver }): Cluster {
  return new Cluster(loadKubeConfig(options.kubeconfig), options.observe);
}

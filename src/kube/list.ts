/** All objects of a kind, listed page by page. */
import { ApiError } from './api-error.ts';
import type { ApiRequest, Caller } from './cluster.ts';
import { lean } from './lean.ts';
import { apiVersionOf, pathOf, type KubeObject, type Resource } from './resource.ts';

export interface ListOptions {
  readonly resource: Resource;
  /** undefined: the whole cluster. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Ask for metadata only: T is then PartialObject. */
  readonly metadataOnly?: boolean | undefined;
  /** What is kept of an object; default: all but what is large or secret. */
  readonly keep?: ((object: KubeObject) => KubeObject) | undefined;
  /** Objects of one answer; default 500. */
  readonly pageSize?: number | undefined;
}

export interface Listed<T> {
  readonly objects: readonly T[];
  /** From where a watch goes on. */
  readonly resourceVersion: string;
}

interface Page<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  /** null where a metadata-only list is empty. */
  readonly items: readonly T[] | null;
}

const PAGE_SIZE = 500;

/** @throws ApiError */
export async function list<T extends KubeObject>(
  cluster: Caller,
  options: ListOptions,
  signal?: AbortSignal,
): Promise<Listed<T>> {
  const objects: T[] = [];
  for (let next: string | undefined; ;) {
    const page: Page<T> = await cluster.call({
      ...request(options, 'PartialObjectMetadataList', signal),
      query: { ...selectors(options), limit: String(options.pageSize ?? PAGE_SIZE), continue: next },
    });
    for (const item of page.items ?? []) objects.push(kept(item, options));
    next = page.metadata.continue;
    if (next === undefined || next === '') return { objects, resourceVersion: page.metadata.resourceVersion };
  }
}

/** The same of a kind that may not be installed: then there is none. */
export async function listIfInstalled<T extends KubeObject>(
  cluster: Caller,
  options: ListOptions,
  signal?: AbortSignal,
): Promise<readonly T[]> {
  try {
    return (await list<T>(cluster, options, signal)).objects;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}

export function request(
  { resource, namespace, metadataOnly }: ListOptions,
  metadataKind: 'PartialObjectMetadata' | 'PartialObjectMetadataList',
  signal: AbortSignal | undefined,
): ApiRequest {
  return {
    method: 'GET',
    path: pathOf(resource, { namespace }),
    signal,
    // Never with a full object as second choice: it would bring the keys.
    ...(metadataOnly === true ? { accept: `application/json;as=${metadataKind};g=meta.k8s.io;v=v1` } : {}),
  };
}

export function selectors({ labelSelector, fieldSelector }: ListOptions): Record<string, string | undefined> {
  return { labelSelector, fieldSelector };
}

/** As it is kept; items of a list do not say what they are. */
export function kept<T extends KubeObject>(object: T, { resource, keep = lean }: ListOptions): T {
  return { ...(keep(object) as T), apiVersion: apiVersionOf(resource), kind: resource.kind };
}

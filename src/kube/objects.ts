/** What controllers read and write. Failures are thrown as ApiError (Transient) unless a result says otherwise. */
import { ApiError } from './api-error.ts';
import type { ApiRequest, Caller } from './cluster.ts';
import { pathOf, SECRETS, type KubeObject, type Resource, type Secret } from './resource.ts';

export type WriteResult<T> =
  | { readonly outcome: 'Written'; readonly object: T }
  /** The object was changed, deleted, or made by somebody else meanwhile; nothing was written. Read again, plan again. */
  | { readonly outcome: 'Conflict' };

/** undefined where there is no such object. */
export async function getObject<T extends KubeObject>(
  cluster: Caller,
  resource: Resource,
  where: { readonly namespace?: string | undefined; readonly name: string },
  signal?: AbortSignal,
): Promise<T | undefined> {
  try {
    return await cluster.call<T>({ method: 'GET', path: pathOf(resource, where), signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** The whole Secret, private keys and all: do not keep it. */
export function getSecret(
  cluster: Caller,
  namespace: string,
  name: string,
  signal?: AbortSignal,
): Promise<Secret | undefined> {
  return getObject<Secret>(cluster, SECRETS, { namespace, name }, signal);
}

/** What the API server fills in when an object is made. */
export type NewObject<T extends KubeObject> = Omit<T, 'metadata'> & {
  readonly metadata: Pick<T['metadata'], 'name' | 'namespace' | 'labels' | 'annotations' | 'ownerReferences'>;
};

export function createObject<T extends KubeObject>(
  cluster: Caller,
  resource: Resource,
  object: NewObject<T>,
  signal?: AbortSignal,
): Promise<WriteResult<T>> {
  const { namespace } = object.metadata;
  return write(cluster, { method: 'POST', path: pathOf(resource, { namespace }), body: object, signal });
}

/** Replaces the object if it still is the one that was read (by resourceVersion); read by `getObject`: stores hold less. */
export function replaceObject<T extends KubeObject>(
  cluster: Caller,
  resource: Resource,
  object: T,
  signal?: AbortSignal,
): Promise<WriteResult<T>> {
  return write(cluster, { method: 'PUT', path: pathOf(resource, object.metadata), body: object, signal });
}

/** Replaces the status if the object still is the one that was read (by resourceVersion). Nothing else of the object is written. */
export function replaceStatus<T extends KubeObject>(
  cluster: Caller,
  resource: Resource,
  object: T,
  signal?: AbortSignal,
): Promise<WriteResult<T>> {
  const path = pathOf(resource, { ...object.metadata, subresource: 'status' });
  return write(cluster, { method: 'PUT', path, body: object, signal });
}

/**
 * Writes finalizers (the whole list) or annotations (null removes one; those not named stay), if the object still is the one that was
 * read (by resourceVersion).
 */
export function patchMetadata<T extends KubeObject>(
  cluster: Caller,
  resource: Resource,
  object: T,
  patch: { readonly finalizers?: readonly string[]; readonly annotations?: Readonly<Record<string, string | null>> },
  signal?: AbortSignal,
): Promise<WriteResult<T>> {
  const { uid, resourceVersion } = object.metadata;
  return write(cluster, {
    method: 'PATCH',
    path: pathOf(resource, object.metadata),
    contentType: 'application/merge-patch+json',
    body: { metadata: { uid, resourceVersion, ...patch } },
    signal,
  });
}

/** Deletes the very object that was read (by uid); one that is gone already is fine. */
export async function deleteObject(
  cluster: Caller,
  resource: Resource,
  { metadata }: KubeObject,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await cluster.call({
      method: 'DELETE',
      path: pathOf(resource, metadata),
      body: { preconditions: { uid: metadata.uid } },
      signal,
    });
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 409)) throw error;
  }
}

/** An object that is gone is a conflict too: whoever wrote must look again. */
async function write<T>(cluster: Caller, request: ApiRequest): Promise<WriteResult<T>> {
  try {
    return { outcome: 'Written', object: await cluster.call<T>(request) };
  } catch (error) {
    if (error instanceof ApiError && (error.status === 409 || (error.status === 404 && request.method !== 'POST'))) {
      return { outcome: 'Conflict' };
    }
    throw error;
  }
}

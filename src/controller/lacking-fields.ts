/** Which CRDs do not have all fields of ours, by the schemas that the API server publishes: those may be read by everybody. */
import { customResourceDefinitions, type Schema } from '../api/crd.ts';
import { API_VERSION, GROUP, VERSION } from '../api/object.ts';
import { ApiError } from '../kube/api-error.ts';
import type { Caller } from '../kube/cluster.ts';

interface Published {
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** Of the kinds that live in namespaces. @throws ApiError */
export async function lackingFields(cluster: Caller, signal: AbortSignal): Promise<string[]> {
  const published = await publishedSchemas(cluster, signal);
  const group = GROUP.split('.').toReversed().join('.');
  return customResourceDefinitions()
    .filter(({ spec }) => spec.scope === 'Namespaced')
    .filter(({ spec: { names, versions } }) => {
      const theirs = published[`${group}.${VERSION}.${names.kind}`];
      return !hasAll(theirs, versions[0].schema.openAPIV3Schema);
    })
    .map(({ metadata }) => metadata.name);
}

async function publishedSchemas(cluster: Caller, signal: AbortSignal): Promise<Readonly<Record<string, Schema>>> {
  try {
    const { components } = await cluster.call<Published>({
      method: 'GET',
      path: `/openapi/v3/apis/${API_VERSION}`,
      signal,
    });
    return components?.schemas ?? {};
  } catch (error) {
    // No CRD of this version is there.
    if (error instanceof ApiError && error.status === 404) return {};
    throw error;
  }
}

function hasAll(theirs: Schema | undefined, ours: Schema | undefined): boolean {
  if (ours === undefined) return true;
  if (theirs === undefined) return false;
  return (
    Object.entries(ours.properties ?? {}).every(([name, schema]) => hasAll(theirs.properties?.[name], schema)) &&
    hasAll(theirs.items, ours.items) &&
    hasAll(theirs.additionalProperties, ours.additionalProperties)
  );
}

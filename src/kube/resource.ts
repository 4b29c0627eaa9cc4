/** Objects as the API server writes them (plain JSON: times are strings), and where they are found. */
import { CERTIFICATE_API_VERSION } from '../api/certificate.ts';
import { API_VERSION } from '../api/object.ts';

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  /** Absent on cluster-scoped objects. */
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** What a metadata-only watch gives: apiVersion and kind are those of the resource, not `PartialObjectMetadata`. */
export type PartialObject = KubeObject;

export interface Secret extends KubeObject {
  readonly type?: string;
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

/** One kind of objects at the API server. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
}

const resource = (apiVersion: string, kind: string, plural: string): Resource => {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return { group, version, kind, plural };
};

export const NAMESPACES = resource('v1', 'Namespace', 'namespaces');
export const SECRETS = resource('v1', 'Secret', 'secrets');
export const EVENTS = resource('v1', 'Event', 'events');
export const SERVICES = resource('v1', 'Service', 'services');
export const ENDPOINT_SLICES = resource('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices');
export const LEASES = resource('coordination.k8s.io/v1', 'Lease', 'leases');
/** cert-manager's; it may not be installed. */
export const CERTIFICATES = resource(CERTIFICATE_API_VERSION, 'Certificate', 'certificates');
export const CUSTOM_RESOURCE_DEFINITIONS = resource(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
);
export const MAIL_SERVERS = resource(API_VERSION, 'MailServer', 'mailservers');
export const DNS_PROVIDERS = resource(API_VERSION, 'DNSProvider', 'dnsproviders');
export const CLUSTER_DNS_PROVIDERS = resource(API_VERSION, 'ClusterDNSProvider', 'clusterdnsproviders');
export const DANE_ISSUERS = resource(API_VERSION, 'DaneIssuer', 'daneissuers');
export const CLUSTER_DANE_ISSUERS = resource(API_VERSION, 'ClusterDaneIssuer', 'clusterdaneissuers');
export const CERTIFICATE_REQUESTS = resource('cert-manager.io/v1', 'CertificateRequest', 'certificaterequests');

export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The path of a collection (no `name`), an object, or a subresource of it; all namespaces where none is given. */
export function pathOf(
  resource: Resource,
  where: { readonly namespace?: string | undefined; readonly name?: string; readonly subresource?: 'status' } = {},
): string {
  return [
    resource.group === '' ? '/api' : '/apis',
    apiVersionOf(resource),
    ...(where.namespace === undefined ? [] : ['namespaces', encodeURIComponent(where.namespace)]),
    resource.plural,
    ...(where.name === undefined ? [] : [encodeURIComponent(where.name)]),
    ...(where.subresource === undefined ? [] : [where.subresource]),
  ].join('/');
}

/** `namespace/name`, or `name` where there is no namespace: the key of stores and queues. */
export type ObjectKey = string;

export function keyOf({ metadata: { namespace, name } }: { readonly metadata: ObjectMeta }): ObjectKey {
  return objectKey(namespace, name);
}

export function objectKey(namespace: string | undefined, name: string): ObjectKey {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Resource versions of one resource can be compared: the API server promises integers that grow. */
export function isNewer(resourceVersion: string, than: string): boolean {
  return resourceVersion.length === than.length ? resourceVersion > than : resourceVersion.length > than.length;
}

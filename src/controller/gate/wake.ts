/** Whom a change wakes, in Gate. */
import { keyOf, objectKey, type ObjectKey } from '../../kube/resource.ts';
import { secretKeysOf } from '../objects.ts';
import { readinessOf } from '../promotions.ts';
import type { Stores } from '../stores.ts';
import { PARENT_UID } from './child-requests.ts';
import type { IssuerObject } from './reconcile-issuer.ts';
import { certificateOf, type SeenRequest } from './seen-request.ts';
import { requestsFor } from './stores.ts';

export interface GateWake {
  readonly request: (key: ObjectKey) => void;
  readonly issuer: (key: string) => void;
  readonly mailServer: (key: ObjectKey) => void;
}

/** No change is looked at by all: each wakes those that an index finds. */
export function wakeOnGateChange(stores: Stores, wake: GateWake): void {
  const wakeAll = (requests: readonly SeenRequest[]): void => {
    for (const request of requests) wake.request(keyOf(request));
  };
  /** Those that publish what it asks for, and withhold it. */
  const wakeMailServers = (request: SeenRequest): void => {
    const owner = certificateOf(request);
    const certificate = owner && stores.certificates.get(objectKey(request.metadata.namespace, owner.name));
    if (certificate === undefined) return;
    const secret = objectKey(request.metadata.namespace, certificate.spec.secretName);
    for (const mailServer of stores.mailServers.byIndex('secret', secret)) wake.mailServer(keyOf(mailServer));
  };
  stores.requests.subscribe(({ old, object }) => {
    const changed = object ?? old;
    if (object !== undefined) wake.request(keyOf(object));
    if (changed !== undefined) wakeMailServers(changed);
  });
  stores.children.subscribe(({ old, object }) => {
    const { metadata } = object ?? old ?? {};
    const parent = metadata?.ownerReferences?.find(({ uid }) => uid === metadata.labels?.[PARENT_UID]);
    const request = parent && stores.requests.get(objectKey(metadata?.namespace, parent.name));
    if (request === undefined) return;
    wakeAll([request]);
    wakeMailServers(request);
  });
  stores.certificates.subscribe(({ old, object }) => {
    const certificate = object ?? old;
    if (certificate !== undefined) wakeAll(requestsFor(certificate, stores));
  });
  stores.mailServers.subscribe(({ old, object }) => {
    if (readinessOf(old) === readinessOf(object)) return;
    const secrets = [old, object].flatMap((mailServer) => (mailServer === undefined ? [] : secretKeysOf(mailServer)));
    for (const secret of new Set(secrets)) {
      for (const certificate of stores.certificates.byIndex('secret', secret))
        wakeAll(requestsFor(certificate, stores));
    }
  });
  const onIssuer =
    (kind: IssuerObject['kind']) =>
    ({ old, object }: { readonly old: IssuerObject | undefined; readonly object: IssuerObject | undefined }): void => {
      const changed = object ?? old;
      if (changed === undefined) return;
      const key = `${kind}/${keyOf(changed)}`;
      wake.issuer(key);
      wakeAll(stores.requests.byIndex('issuer', key));
    };
  stores.daneIssuers.subscribe(onIssuer('DaneIssuer'));
  stores.clusterDaneIssuers.subscribe(onIssuer('ClusterDaneIssuer'));
}

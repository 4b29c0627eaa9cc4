/** What a process sees of Kubernetes, in the shape in which the controller's own functions for Gate read it. */
import type { Certificate as CertManagerCertificate } from '../../src/api/certificate.ts';
import type { MailServer as MailServerObject } from '../../src/api/mail-server.ts';
import { API_VERSION, GROUP } from '../../src/api/object.ts';
import type { GateSources } from '../../src/controller/gate/mail-servers.ts';
import type { RequestSources } from '../../src/controller/gate/requests.ts';
import { PARENT_UID } from '../../src/controller/gate/child-requests.ts';
import { certificateOf } from '../../src/controller/gate/seen-request.ts';
import { secretKeysOf } from '../../src/controller/objects.ts';
import { ownersInUse, type Stores as ControllerStores } from '../../src/controller/stores.ts';
import { objectKey } from '../../src/kube/resource.ts';
import type { Issuance } from './cert-manager.ts';
import { dateOf, type ModelChain } from './chains.ts';
import type { Certificate, MailServer } from './cluster.ts';
import { metadataOf, NAMESPACE } from './objects.ts';

/** A leader that was cut off sees what was. */
export interface View {
  readonly mailServers: readonly MailServer[];
  readonly secrets: ReadonlyMap<string, ModelChain>;
  readonly issuance: Issuance;
}

export type Stores = GateSources & Pick<RequestSources, 'gate' | 'mailServers' | 'certificates'>;

export function storesOf({ mailServers, issuance }: View, certificates: readonly Certificate[]): Stores {
  const gated = certificates.filter(({ mode }) => mode === 'Gate').map(certificateObject);
  return {
    gate: {
      daneIssuers: {
        get: (key) => {
          const [, name = ''] = key.split('/');
          const issuerRef = issuance.wrapped.get(name);
          if (issuerRef === undefined) return undefined;
          const status = { observedGeneration: 1, conditions: [] };
          return {
            apiVersion: API_VERSION,
            kind: 'DaneIssuer',
            metadata: metadataOf(name),
            spec: { issuerRef },
            status,
          };
        },
      },
      clusterDaneIssuers: { get: () => undefined },
      requests: {
        byIndex: (_, key) =>
          issuance.requests.filter((request) => objectKey(NAMESPACE, certificateOf(request)?.uid ?? '') === key),
      },
      children: {
        byIndex: (_, uid) => issuance.children.filter(({ metadata }) => metadata.labels?.[PARENT_UID] === uid),
      },
    },
    certificates: {
      get: (key) => gated.find(({ spec }) => objectKey(NAMESPACE, spec.secretName) === key),
      byIndex: (_, key) => gated.filter(({ spec }) => objectKey(NAMESPACE, spec.secretName) === key),
    },
    // Of a Secret there is one Certificate: nothing on it says more.
    secrets: { get: () => undefined },
    mailServers: mailServersOf(mailServers),
  };
}

type MailServerIndex = Parameters<ControllerStores['mailServers']['byIndex']>[0];

/** Of these indexes the model makes use. */
const KEYS: Partial<Record<MailServerIndex, (mailServer: MailServerObject) => readonly string[]>> = {
  secret: secretKeysOf,
  owner: ownersInUse,
};

/** As the store has them, by what their changes are found by. */
export function mailServersOf(mailServers: readonly MailServer[]): Pick<ControllerStores['mailServers'], 'byIndex'> {
  return {
    byIndex: (index, key) => {
      const keysOf = KEYS[index];
      if (keysOf === undefined) throw new Error(`the model has no index ${index}`);
      return mailServers.map(mailServerObject).filter((object) => keysOf(object).includes(key));
    },
  };
}

function certificateObject({ secretName }: Certificate): CertManagerCertificate {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: metadataOf(secretName),
    spec: { secretName, issuerRef: { group: GROUP } },
    status: {},
  };
}

const objects = new WeakMap<MailServer, MailServerObject>();

/** As far as it is looked at. */
export function mailServerObject(mailServer: MailServer): MailServerObject {
  const { name, createdAt, deletedAt, zone, owners, desired, stored } = mailServer;
  const made =
    objects.get(mailServer) ??
    ({
      metadata: {
        ...metadataOf(name),
        creationTimestamp: dateOf(createdAt).toISOString(),
        ...(deletedAt === undefined ? {} : { deletionTimestamp: dateOf(deletedAt).toISOString() }),
      },
      spec: {
        hostnames: owners.map(({ hostname }) => hostname),
        ports: [25],
        providerRef: { kind: 'DNSProvider', name: zone },
        certificates: desired.certificates,
        compromisedKeys: [],
      },
      status: stored,
    } as unknown as MailServerObject);
  objects.set(mailServer, made);
  return made;
}

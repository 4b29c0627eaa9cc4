/** Gate, wired: its two queues, and how a MailServer hands a certificate over. */
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { MailServer } from '../../api/mail-server.ts';
import type { BackOff } from '../../core/issuance-facts.ts';
import type { CompleteRequest } from '../../core/effect.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { createObject, deleteObject, getObject, patchMetadata, replaceStatus } from '../../kube/objects.ts';
import type { WorkQueue } from '../../kube/queue.ts';
import {
  CERTIFICATE_REQUESTS,
  CLUSTER_DANE_ISSUERS,
  DANE_ISSUERS,
  objectKey,
  type KubeObject,
  type ObjectKey,
} from '../../kube/resource.ts';
import type { Logger } from '../../observe/log.ts';
import type { ObjectEvent } from '../object-event.ts';
import type { Outcome } from '../outcome.ts';
import type { Stores } from '../stores.ts';
import { completeRequest } from './complete-request.ts';
import { reconcileIssuer, type IssuerObject } from './reconcile-issuer.ts';
import { reconcileRequest } from './reconcile-request.ts';
import type { RequestWriter } from './request-writer.ts';
import { holdBack } from './hold-back.ts';
import { candidateToComplete } from './mail-servers.ts';
import { NOT_BEFORE } from './requests.ts';
import { wakeOnGateChange } from './wake.ts';

export interface GateOptions {
  readonly cluster: Cluster;
  readonly now: () => number;
  readonly backOff: BackOff;
  readonly log: Logger;
  /** Runs a write, if we lead. */
  readonly leading: <T>(write: () => Promise<T>) => Promise<T>;
  readonly queue: (name: string, workers: number, pass: (key: string) => Promise<Outcome>) => WorkQueue;
  readonly wakeMailServer: (key: ObjectKey) => void;
  readonly event: (object: KubeObject, event: ObjectEvent) => void;
}

export interface Gate {
  readonly start: () => void;
  readonly drain: () => Promise<unknown>;
  /** Senders may hold the records of a MailServer that goes: what waits for it waits for that. */
  readonly holdBack: (mailServer: MailServer, until: Date) => Promise<'Held' | 'Changed'>;
  /** What the issuer answered goes to cert-manager, if it still is what the MailServer's status has. */
  readonly complete: (mailServer: MailServer, effect: CompleteRequest) => Promise<'Released' | 'Changed'>;
}

const WORKERS = 16;
const NOTHING: Outcome = { kind: 'Done', wakeAt: undefined };

export function createGate(options: GateOptions, stores: Stores): Gate {
  const { cluster, now, backOff, log, leading, queue } = options;
  const writer: RequestWriter = {
    now,
    read: (namespace, name) => getObject<CertificateRequest>(cluster, CERTIFICATE_REQUESTS, { namespace, name }),
    create: (request) => leading(() => createObject(cluster, CERTIFICATE_REQUESTS, request)),
    holdUntil: (request, notBefore) =>
      leading(() =>
        patchMetadata(cluster, CERTIFICATE_REQUESTS, request, { annotations: { [NOT_BEFORE]: notBefore } }),
      ),
    event: options.event,
    remove: (request) => leading(() => deleteObject(cluster, CERTIFICATE_REQUESTS, request)),
    replaceStatus: (request) => leading(() => replaceStatus(cluster, CERTIFICATE_REQUESTS, request)),
  };
  const sources = { ...stores, now, backOff, clockSkewMs: () => cluster.serverClock.skewMs(), gate: stores };
  const requests = queue('certificaterequest', WORKERS, async (key) => {
    const request = stores.requests.get(key);
    return request === undefined ? NOTHING : reconcileRequest(request, { sources, writer, log });
  });
  const issuers = queue('daneissuer', WORKERS, async (key) => {
    const issuer = findIssuer(stores, key);
    if (issuer === undefined) return NOTHING;
    const resource = issuer.kind === 'DaneIssuer' ? DANE_ISSUERS : CLUSTER_DANE_ISSUERS;
    const replace = (object: IssuerObject) => leading(() => replaceStatus(cluster, resource, object));
    return reconcileIssuer(issuer, { now, replaceStatus: replace });
  });
  wakeOnGateChange(stores, {
    request: (key) => {
      requests.add(key);
    },
    issuer: (key) => {
      issuers.add(key);
    },
    mailServer: options.wakeMailServer,
  });
  return {
    start: () => {
      requests.start();
      issuers.start();
    },
    drain: () => Promise.all([requests.drain(), issuers.drain()]),
    holdBack: (mailServer, until) => holdBack(mailServer, until, stores, writer, log),
    complete: async ({ metadata, status }, effect) => {
      const request = stores.requests.get(objectKey(metadata.namespace, effect.requestName));
      const candidate = request && candidateToComplete(request, effect, status.certificates ?? [], stores);
      if (request === undefined || candidate === undefined) return 'Changed';
      const outcome = await completeRequest(request, candidate.attempt.name, candidate.chain, writer);
      return outcome === 'Completed' ? 'Released' : 'Changed';
    },
  };
}

function findIssuer(stores: Stores, key: string): IssuerObject | undefined {
  const [kind, ...name] = key.split('/');
  return kind === 'DaneIssuer' ? stores.daneIssuers.get(name.join('/')) : stores.clusterDaneIssuers.get(name.join('/'));
}

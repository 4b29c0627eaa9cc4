/**
 * The cert-manager of the model, for Certificates that name a DaneIssuer, and the issuers that those wrap. It makes a new key for each request
 * (`rotationPolicy: Always`), waits for an answer without end, writes the Secret when a request is completed, and throws the key away when
 * one fails.
 */
import type { IssuerRef, SeenRequest } from '../../src/controller/gate/seen-request.ts';
import { childOf, PARENT_UID } from '../../src/controller/gate/child-requests.ts';
import { NOT_BEFORE } from '../../src/controller/gate/requests.ts';
import { formatTime } from '../../src/core/time.ts';
import { mayComplete } from '../../src/controller/gate/complete-request.ts';
import { CERT_MANAGER } from '../../src/api/dane-issuer.ts';
import { GROUP } from '../../src/api/object.ts';
import type { Candidate } from '../../src/core/issuance.ts';
import { known } from '../../src/core/facts.ts';
import { dateOf, keyHash, type CA, type ModelChain } from './chains.ts';
import { Violation } from './checker.ts';
import type { Certificate } from './cluster.ts';
import { bareRequest, metadataOf, newRequest } from './objects.ts';
import type { World } from './world.ts';

/** As an operator sees it: a value, which is replaced by every change. */
export interface Issuance {
  readonly requests: readonly SeenRequest[];
  readonly children: readonly SeenRequest[];
  /** What each DaneIssuer wraps, by its name. */
  readonly wrapped: ReadonlyMap<string, IssuerRef>;
}

export interface Order {
  readonly ca: CA;
  readonly lifetime: number;
  readonly validIn: number;
}

/** cert-manager waits so long after a failure. */
const BACK_OFF = 3600;
/** The operator waits longer than this before it asks for the same key again. */
const SOONEST_AGAIN = 240;

export class CertManager {
  seen: Issuance = { requests: [], children: [], wrapped: new Map() };
  /** The wrapped issuers refuse what they answer now. */
  isFailing = false;
  /** So many seconds after they are asked. */
  answersAfter: number;
  readonly #world: World;
  readonly #orders = new Map<string, Order>();
  /** By the name of the child. */
  readonly #answers = new Map<string, ModelChain>();
  /** Certificates that are asked for and not in their Secret yet. */
  readonly #unfilled = new Set<Certificate>();
  /** When each issuer was asked last, by the UID of the request and its name; not there: it may be asked at once. */
  readonly #askedAt = new Map<string, number>();
  /** Requests that were denied, or ours for them, by UID. */
  readonly #denied = new Set<string>();
  #uids = 0;

  constructor(world: World) {
    this.#world = world;
    this.answersAfter = world.setup.answersAfter;
  }

  get unfilled(): readonly string[] {
    return [...this.#unfilled].map(({ secretName }) => secretName);
  }

  /** By UID. */
  get waitingRequests(): readonly string[] {
    return this.seen.requests.filter(({ outcome }) => outcome.kind === 'Pending').map(({ metadata }) => metadata.uid);
  }

  /** The Certificate is due, or was changed: what waits for it goes. */
  renew(certificate: Certificate, order: Order): void {
    this.#orders.set(certificate.secretName, order);
    this.wrap(certificate, order.ca);
    this.#request(certificate);
  }

  /** Its DaneIssuer names this issuer from now on. */
  wrap({ secretName }: Certificate, ca: CA): void {
    if (this.seen.wrapped.get(secretName)?.name === ca) return;
    this.#askedAt.clear();
    const issuer: IssuerRef = { group: CERT_MANAGER, kind: 'Issuer', name: ca };
    this.#change({ wrapped: new Map(this.seen.wrapped).set(secretName, issuer) });
  }

  /** The Secret is gone: cert-manager issues it anew. */
  secretGone(certificate: Certificate): void {
    if (!this.#unfilled.has(certificate)) this.#request(certificate);
  }

  /** The cluster is gone, and all that was asked for. */
  forgetAll(): void {
    this.#unfilled.clear();
    this.#change({ requests: [], children: [] });
  }

  mend(): void {
    this.isFailing = false;
    this.answersAfter = this.#world.setup.answersAfter;
  }

  pending({ secretName }: Certificate): SeenRequest | undefined {
    return this.#requestsOf(secretName).find(({ outcome }) => outcome.kind === 'Pending');
  }

  /** The key of what was answered last, and waits. */
  waiting(certificate: Certificate): ModelChain | undefined {
    const request = this.pending(certificate);
    const children = this.seen.children.filter(
      ({ metadata }) => metadata.labels?.[PARENT_UID] === request?.metadata.uid,
    );
    return children.flatMap(({ metadata }) => this.#answers.get(metadata.name) ?? []).at(-1);
  }

  /** Somebody deletes our requests. */
  removeChildren(certificate: Certificate): void {
    const request = this.pending(certificate);
    this.#askedAt.clear();
    this.#change({
      children: this.seen.children.filter(({ metadata }) => metadata.labels?.[PARENT_UID] !== request?.metadata.uid),
    });
  }

  /** By whoever approves in this cluster: the request, or what we made of it. */
  deny(certificate: Certificate, what: 'Request' | 'Child'): void {
    const request = this.pending(certificate);
    if (request === undefined) return;
    if (what === 'Request') this.#replace({ ...request, approval: 'Denied' });
    const isDenied = ({ metadata, outcome }: SeenRequest): boolean =>
      what === 'Child' && metadata.labels?.[PARENT_UID] === request.metadata.uid && outcome.kind === 'Pending';
    const children = this.seen.children.filter(isDenied);
    for (const child of children) this.#replace({ ...child, approval: 'Denied' });
    if (what === 'Request' || children.length > 0) this.#denied.add(request.metadata.uid);
  }

  /** The operator has it wait until then, whoever says it may go. */
  hold({ metadata }: SeenRequest, until: Date): void {
    const request = this.seen.requests.find((one) => one.metadata.uid === metadata.uid);
    if (request?.outcome.kind !== 'Pending') return;
    const annotations = { ...request.metadata.annotations, [NOT_BEFORE]: formatTime(until) };
    this.#replace({ ...request, metadata: { ...request.metadata, annotations } });
  }

  /** The operator asks the wrapped issuer. Of one name there is one. */
  ask(request: SeenRequest, issuerRef: IssuerRef, number: number, forget: readonly string[]): boolean {
    if (this.#now(request)?.metadata.uid !== request.metadata.uid) return false;
    const { metadata } = childOf(bareRequest(request), issuerRef, number);
    if (this.seen.children.some((child) => child.metadata.name === metadata.name)) return false;
    this.#mustNotStorm(request, issuerRef);
    this.#world.effects += 1;
    const { labels = {} } = metadata;
    const { apiVersion, kind } = request;
    const owner = { apiVersion, kind, name: request.metadata.name, uid: request.metadata.uid, controller: true };
    const child: SeenRequest = {
      ...newRequest(issuerRef, request.spkiSHA256 ?? ''),
      metadata: { ...this.#metadata(metadata.name), labels, ownerReferences: [owner] },
    };
    this.#world.clock.after(this.answersAfter, () => {
      this.#answer(child);
    });
    const others = this.seen.children.filter((one) => !forget.includes(one.metadata.name));
    this.#change({ children: [...others, child] });
    return true;
  }

  /**
   * The operator completes a request, a little later, if it still is as it was read; cert-manager writes the Secret, a little later again.
   * @returns whether request and answer are as planned
   */
  complete({ metadata }: SeenRequest, { attempt, chain }: Candidate): boolean {
    const request = this.seen.requests.find((one) => one.metadata.uid === metadata.uid);
    const child = this.seen.children.find((one) => one.metadata.name === attempt.name);
    const answer = this.#answers.get(attempt.name);
    if (request === undefined || child === undefined || answer === undefined) return false;
    if (request.outcome.kind !== 'Pending' || !mayComplete(request, child, chain)) return false;
    this.#world.soon(() => {
      if (this.#now(request) !== request) return;
      this.#completed(request, answer);
    });
    return true;
  }

  #completed(request: SeenRequest, chain: ModelChain): void {
    const certificate = this.#certificateOf(request);
    this.#world.effects += 1;
    const exception = this.#world.serving.exceptionFor(certificate, chain);
    this.#world.log(`${request.metadata.name} is completed with ${chain.name}`);
    this.#replace({
      ...request,
      outcome: { kind: 'Issued', at: dateOf(this.#world.clock.now), chain: known(chain.summary) },
    });
    this.#world.soon(() => {
      if (this.#now(request)?.metadata.uid !== request.metadata.uid) return;
      this.#unfilled.delete(certificate);
      this.#world.serving.serve(certificate, chain, exception, request.metadata.uid);
    });
  }

  /** The operator gives a request up: its key is thrown away, and another one made after a while. */
  fail({ metadata }: SeenRequest): boolean {
    const request = this.seen.requests.find((one) => one.metadata.uid === metadata.uid);
    if (request?.outcome.kind !== 'Pending') return false;
    const { uid, name } = request.metadata;
    // What was denied may be gone since the operator saw it.
    if (!this.#denied.has(uid)) throw new Violation('KeyLost', `${name} is given up, and nobody denied it`);
    this.#world.effects += 1;
    this.#replace({ ...request, outcome: { kind: 'Failed', at: dateOf(this.#world.clock.now) } });
    this.#world.clock.after(BACK_OFF, () => {
      if (this.#now(request)?.metadata.uid === uid) this.#request(this.#certificateOf(request));
    });
    return true;
  }

  #request(certificate: Certificate): void {
    const { secretName } = certificate;
    const earlier = this.#requestsOf(secretName);
    const last = earlier.filter(({ outcome }) => outcome.kind === 'Issued').at(-1);
    const gone = earlier.filter((request) => request !== last).map(({ metadata }) => metadata.uid);
    const revision = (last?.revision ?? 0) + 1;
    const name = `${secretName}-${revision}`;
    const uid = `${secretName}-${++this.#uids}`;
    const key = keyHash(`key of ${uid}`);
    const issuerRef = { group: GROUP, kind: 'DaneIssuer', name: secretName };
    const owner = { apiVersion: `${CERT_MANAGER}/v1`, kind: 'Certificate', name: secretName, uid: secretName };
    const metadata = { ...this.#metadata(name), uid, ownerReferences: [{ ...owner, controller: true }] };
    this.#world.log(`cert-manager makes CertificateRequest ${name} for a new key (${key.slice(0, 6)})`);
    this.#unfilled.add(certificate);
    this.#change({
      requests: [
        ...this.seen.requests.filter((request) => !gone.includes(request.metadata.uid)),
        { ...newRequest(issuerRef, key), metadata, revision },
      ],
      children: this.seen.children.filter(({ metadata: { labels } }) => !gone.includes(labels?.[PARENT_UID] ?? '')),
    });
  }

  #answer(asked: SeenRequest): void {
    const child = this.seen.children.find(({ metadata }) => metadata.uid === asked.metadata.uid);
    const request = this.seen.requests.find(({ metadata }) => metadata.uid === child?.metadata.labels?.[PARENT_UID]);
    if (child === undefined || request === undefined || child.approval === 'Denied') return;
    const { now } = this.#world.clock;
    if (this.isFailing) {
      this.#world.log(`the issuer refuses ${child.metadata.name}`);
      this.#replace({ ...child, outcome: { kind: 'Failed', at: dateOf(now) } });
      return;
    }
    const certificate = this.#certificateOf(request);
    const { lifetime, validIn } = this.#orderOf(certificate);
    const ca = child.issuerRef.name as CA;
    const chain = this.#world.issued(certificate, { ca, lifetime, validIn }, `key of ${request.metadata.uid}`);
    this.#world.log(`the issuer answers ${child.metadata.name}: ${chain.name} (key ${chain.leaf.slice(0, 6)})`);
    this.#answers.set(child.metadata.name, chain);
    this.#world.serving.waits(certificate);
    this.#replace({
      ...child,
      outcome: { kind: 'Issued', at: dateOf(this.#world.clock.now), chain: known(chain.summary) },
    });
  }

  #mustNotStorm({ metadata: { uid, name } }: SeenRequest, issuer: IssuerRef): void {
    const { now } = this.#world.clock;
    const before = this.#askedAt.get(`${uid} ${issuer.name}`) ?? -Infinity;
    this.#askedAt.set(`${uid} ${issuer.name}`, now);
    if (now < before + SOONEST_AGAIN)
      throw new Violation('Storm', `the issuer is asked for ${name} again, ${now - before} s later`);
  }

  #requestsOf(secretName: string): readonly SeenRequest[] {
    return this.seen.requests.filter(({ issuerRef }) => issuerRef.name === secretName);
  }

  /** The newest of this Certificate. */
  #now({ issuerRef }: SeenRequest): SeenRequest | undefined {
    return this.#requestsOf(issuerRef.name).at(-1);
  }

  #certificateOf({ issuerRef }: SeenRequest): Certificate {
    const found = this.#world.cluster.certificates.find(({ secretName }) => secretName === issuerRef.name);
    if (found === undefined) throw new Error(`no Certificate ${issuerRef.name}`);
    return found;
  }

  #orderOf({ secretName }: Certificate): Order {
    const order = this.#orders.get(secretName);
    if (order === undefined) throw new Error(`nothing was ordered for ${secretName}`);
    return order;
  }

  #metadata(name: string): SeenRequest['metadata'] {
    return {
      ...metadataOf(name),
      uid: `${name} ${++this.#uids}`,
      creationTimestamp: dateOf(this.#world.clock.now).toISOString(),
    };
  }

  #replace(request: SeenRequest): void {
    const withNew = (all: readonly SeenRequest[]): readonly SeenRequest[] =>
      all.map((one) => (one.metadata.uid === request.metadata.uid ? request : one));
    this.#change({ requests: withNew(this.seen.requests), children: withNew(this.seen.children) });
  }

  #change(change: Partial<Issuance>): void {
    this.seen = { ...this.seen, ...change };
    this.#world.cluster.onChange();
  }
}

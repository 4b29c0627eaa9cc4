/** Texts of a known form that more than one kind uses. */
import { z } from 'zod';
import { matching } from './schema.ts';

const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
/** The last label of a host's name begins with a letter, or it would be an IPv4 address. */
const LAST_LABEL = '[a-z]([a-z0-9-]{0,61}[a-z0-9])?';

/** 253, the most a name may have (RFC 1035 §2.3.4), less `_993._tcp.`: the owner of its records is a name too. */
const MAX_HOSTNAME_LENGTH = 243;

export const hostname = () =>
  matching(
    new RegExp(`^(${LABEL}\\.)+${LAST_LABEL}$`),
    MAX_HOSTNAME_LENGTH,
    'write the full name of one MX host in lower case and without a final dot, as in mx1.example.nl: no wildcard, no IP address; an internationalized name as A-labels (xn--...)',
  );

export const hostnamePattern = () =>
  matching(
    new RegExp(`^(\\*|${LABEL})(\\.${LABEL})*\\.${LAST_LABEL}$`),
    MAX_HOSTNAME_LENGTH,
    'write the name of one host (mx1.example.nl) or of all below a name (*.example.nl), in lower case and without a final dot',
  );

/** With underscores: `_tcp.mx1.example.nl` may be a zone of its own. */
const ZONE_LABEL = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?';

export const zoneName = () =>
  matching(
    new RegExp(`^(${ZONE_LABEL}\\.)*${ZONE_LABEL}$`),
    253,
    'write the name of a zone in lower case and without a final dot, as in example.nl',
  );

/** The name of an object, which is a DNS subdomain (RFC 1123). */
export const objectName = (kind: string) =>
  matching(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    253,
    `write the name of a ${kind}: lower-case letters, digits, hyphens and dots, beginning and ending with a letter or digit`,
  );

/** The name of a Service, which is one DNS label. */
export const serviceName = () =>
  matching(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    63,
    'write the name of a Service: lower-case letters, digits and hyphens, beginning and ending with a letter or digit',
  );

/** A DNS name as this program writes it. */
export const dnsName = () => z.string().max(253);

/** Lower-case hexadecimal SHA-256. */
export const sha256 = () => z.string().max(64);

/** The same where a person writes it. */
export const sha256Digits = () => matching(/^[0-9a-f]{64}$/, 64, 'write a SHA-256 as 64 lower-case hexadecimal digits');

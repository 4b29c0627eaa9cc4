/** The one call of STS that the Route 53 double answers: AssumeRole. */
import type { Route53Key } from './route53.ts';
import { Refusal, xml } from './route53-xml.ts';

export interface Role {
  readonly arn: string;
  readonly externalID: string;
  /** The access key that may assume it. */
  readonly by: string;
  /** The key that stands for it then, with `TOKEN`. */
  readonly key: Route53Key;
}

export const TOKEN = 'session-token-of-the-double';

export function assumeRole(body: string, accessKey: string, role: Role | undefined): string {
  const form = new URLSearchParams(body);
  if (role === undefined) throw new Refusal('AccessDenied', 403);
  const isAllowed =
    form.get('Action') === 'AssumeRole' &&
    form.get('RoleArn') === role.arn &&
    form.get('ExternalId') === role.externalID &&
    accessKey === role.by;
  if (!isAllowed) throw new Refusal('AccessDenied', 403);
  const credentials = xml([
    ['AccessKeyId', role.key.id],
    ['SecretAccessKey', role.key.secret],
    ['SessionToken', TOKEN],
    ['Expiration', new Date(Date.now() + 3_600_000).toISOString()],
  ]);
  const user = xml([
    ['Arn', `${role.arn}/x`],
    ['AssumedRoleId', 'AROA:x'],
  ]);
  const result = xml([
    [
      'AssumeRoleResult',
      xml([
        ['Credentials', credentials],
        ['AssumedRoleUser', user],
      ]),
    ],
  ]);
  return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${result}</AssumeRoleResponse>`;
}

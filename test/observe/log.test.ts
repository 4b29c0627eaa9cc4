import { expect, test } from '@jest/globals';
import { stalled, transient } from '../../src/core/errors.ts';
import { createLogger, type Logger, type LogOptions } from '../../src/observe/log.ts';

function logged(write: (log: Logger) => unknown, options: Partial<LogOptions> = {}): string {
  let text = '';
  const destination = { write: (line: string) => (text += line) };
  write(createLogger({ level: 'debug', format: 'json', destination, ...options }));
  return text;
}

const parsed = (write: (log: Logger) => unknown): Record<string, unknown> =>
  JSON.parse(logged(write)) as Record<string, unknown>;

test('a line is JSON with time, level, message and what it is about', () => {
  expect(
    parsed((log) => {
      log.child({ controller: 'mailserver' }).info({ key: 'mail/mx1' }, 'published');
    }),
  ).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    controller: 'mailserver',
    key: 'mail/mx1',
    msg: 'published',
  });
});

test('below the level there is nothing', () => {
  expect(
    logged(
      (log) => {
        log.debug('no');
      },
      { level: 'info' },
    ),
  ).toBe('');
});

const SECRET = 'do-not-show';

test.each<readonly [string, object]>([
  ['a Secret', { secret: { kind: 'Secret', metadata: { name: 'tls' }, data: { 'tls.key': SECRET } } }],
  ['its data', { data: { 'tls.crt': SECRET } }],
  ['text data', { secret: { stringData: { password: SECRET } } }],
  ['a key by its file name', { files: { 'tls.key': SECRET } }],
  ['a TSIG secret', { provider: { credentials: { tsigSecret: SECRET } } }],
  ['a token', { token: SECRET }],
  ['request headers', { request: { headers: { authorization: SECRET } } }],
  ['request headers as written', { headers: { Authorization: SECRET } }],
])('%s does not show', (_, object) => {
  for (const format of ['json', 'pretty'] as const) {
    const text = logged(
      (log) => {
        log.info(object, 'something');
        log.child({ about: object }).info('something');
      },
      { format },
    );
    expect(text).toContain('something');
    expect(text).not.toContain(SECRET);
  }
});

test('an error of ours shows its code, kind, message and cause', () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:53'), { code: 'ECONNREFUSED' });
  expect(
    parsed((log) => {
      log.warn({ err: transient('Timeout', 'no answer from 10.0.0.1', { cause }) });
    })['err'],
  ).toEqual({
    type: 'OperatorError',
    code: 'Timeout',
    kind: 'Transient',
    message: 'no answer from 10.0.0.1',
    cause: { type: 'Error', message: 'connect ECONNREFUSED 10.0.0.1:53', code: 'ECONNREFUSED' },
  });
});

test('a bug shows where it is', () => {
  const { err } = parsed((log) => {
    log.error(new TypeError('x is not a function'));
  }) as { err: { stack: string[] } };
  expect(err).toMatchObject({ type: 'TypeError', message: 'x is not a function' });
  expect(err.stack[0]).toContain('log.test.ts');
});

test('what a server said does not show, neither in an HTTP error nor in a parser’s', () => {
  // As client-node's ApiException: its message, too, holds the body.
  const http = Object.assign(new Error(`HTTP-Code: 403 Body: ${SECRET}`), { code: 403, body: SECRET, headers: {} });
  let parser: unknown;
  try {
    JSON.parse(SECRET);
  } catch (error) {
    parser = error;
  }
  for (const err of [http, parser, stalled('BadKey', 'it failed', { cause: http }), SECRET]) {
    const text = logged((log) => {
      log.error({ err }, 'failed');
    });
    expect(text).toContain('failed');
    expect(text).not.toContain(SECRET);
  }
  expect(
    parsed((log) => {
      log.error({ err: http });
    })['err'],
  ).toMatchObject({ type: 'Error', code: 403 });
});

test('for people it is a line to read', () => {
  expect(
    logged(
      (log) => {
        log.info({ key: 'mail/mx1' }, 'published');
      },
      { format: 'pretty' },
    ),
  ).toMatch(/INFO.*published[^]*key: "mail\/mx1"/);
});

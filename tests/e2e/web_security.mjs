/* What attackers try at the bureau's pages, against the real server over HTTPS: every route of its description with every role, forged and
 * hostile requests, floods. Run by web_security.sh. Not: what pages do with answers (tests/browser). */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import tls from 'node:tls';

import { check, finish, test } from '../browser/harness.mjs';

const { PORT, CA, DATABASE, BUREAU_PID, PHASE } = process.env;
const origin = `https://127.0.0.1:${PORT}`;
const ca = readFileSync(CA ?? '');
const api = JSON.parse(readFileSync('host/bureau/api/openapi.json', 'utf8'));
const PASSWORD = 'look-at-everything';
const ROLES = ['auditor', 'registrar', 'supervisor', 'administrator'];
const PATIENCE_MS = 30000;

/** @typedef {{method: string, path: string, roles: string[]|null, parameters: any[], schema: any}} Route */
/** @typedef {{cookie?: string, token?: string}} Session */

/* ---- asking ---- */

/** @param {string} method @param {string} path
 * @param {{session?: Session, body?: any, headers?: Record<string, string>, from?: string}} [options] body: an object, or a string as it is
 * @returns {Promise<{status: number, headers: import('node:http').IncomingHttpHeaders, text: string}>} */
function ask(method, path, { session = {}, body, headers = {}, from = '127.0.0.1' } = {}) {
  return new Promise((resolve, reject) => {
    const bytes = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const request = https.request({
      host: '127.0.0.1', servername: 'localhost', port: PORT, path, method, ca, localAddress: from, agent: false, timeout: PATIENCE_MS,
      headers: {
        ...(method === 'GET' ? {} : { Origin: origin }), ...(session.cookie ? { Cookie: session.cookie } : {}), ...(session.token ? { 'X-Fillgate-Token': session.token } : {}),
        ...(bytes ? { 'Content-Type': 'application/json', 'Content-Length': String(bytes.length) } : {}), ...headers,
      },
    }, (response) => {
      const parts = /** @type {Buffer[]} */ ([]);
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString() }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer`)));
    request.on('error', reject);
    request.end(bytes);
  });
}

/** Exactly these bytes; what comes back until the server ends it. @param {string|Buffer} bytes @param {{from?: string, patience_ms?: number}} [options] @returns {Promise<string>} */
function raw(bytes, { from = '127.0.0.1', patience_ms = 10000 } = {}) {
  return new Promise((resolve) => {
    let text = '';
    const socket = tls.connect({ host: '127.0.0.1', port: Number(PORT), ca, localAddress: from }, () => socket.write(bytes));
    const end = () => { clearTimeout(timer); socket.destroy(); resolve(text); };
    const timer = setTimeout(end, patience_ms);
    socket.on('data', (part) => { text += part.toString('latin1'); });
    socket.on('end', end);
    socket.on('error', end);
    socket.on('close', end);
  });
}

/** @param {string} setCookie @param {string} name */
function cookieOf(setCookie, name) {
  return new RegExp(`^${name}=([^;]*)`).exec(setCookie)?.[1] ?? '';
}

/** @param {string} user @param {{password?: string, cookie?: string, from?: string}} [options] */
async function signIn(user, { password = PASSWORD, cookie, from } = {}) {
  const answer = await ask('POST', '/api/v1/session', { body: { user, password }, session: { cookie }, from });
  const cookies = answer.headers['set-cookie'] ?? [];
  const values = ['__Host-fillgate', '__Host-fillgate-browser'].map((name) => `${name}=${cookies.map((one) => cookieOf(one, name)).find((value) => value !== '') ?? ''}`);
  return { answer, cookies, session: { cookie: values.join('; '), token: answer.status === 200 ? JSON.parse(answer.text).token : '' } };
}

/* ---- the description ---- */

/** A value that could be. @param {any} schema */
function value(schema) {
  if (schema.enum) {
    return schema.enum.find((/** @type {string} */ word) => word !== '');
  }
  if (schema.type === 'integer') {
    return Math.max(schema.minimum ?? 0, 1);
  }
  if (schema.type === 'boolean') {
    return true;
  }
  if (schema.format === 'date' || /\[0-9\]\{4\}-/.test(schema.pattern ?? '')) {
    return '2026-11-23';
  }
  return (/^\^\[0-9a-f\]/.test(schema.pattern ?? '') ? '1' : 'A').repeat(Math.max(schema.minLength ?? 1, 1));
}

/** @param {string} template @param {any[]} parameters @param {Record<string, string>} [given] already encoded */
function fillPath(template, parameters, given = {}) {
  return template.replace(/\{(\w+)\}/g, (_, name) => given[name] ?? encodeURIComponent(value(parameters.find((one) => one.name === name && one.in === 'path').schema)));
}

/** @type {Route[]} */
const ROUTES = Object.entries(api.paths).flatMap(([path, operations]) => Object.entries(operations).map(([method, operation]) => {
  const reference = operation.requestBody?.content['application/json']?.schema.$ref;
  return { method: method.toUpperCase(), path, roles: operation['x-roles'] ?? null, parameters: operation.parameters ?? [], schema: reference ? api.components.schemas[reference.split('/').pop()] : null };
}));
/** Those that end or change the asker's own session are tried apart. @param {Route} route */
const isOwn = (route) => route.path === '/api/v1/session' || route.path.startsWith('/api/v1/session/');
const CHANGING = ROUTES.filter((route) => route.method !== 'GET' && route.roles);

/** @param {Route} route */
const nameOf = (route) => `${route.method} ${route.path}`;
/** What the tables hold that no stranger may change. */
function fingerprint() {
  return ['change', 'device_change', 'bureau_user', 'alarm_case', 'list_version', 'enrol_code', 'sample', 'cylinder'].map((table) => {
    try {
      return `${table}=${execFileSync('sqlite3', ['-readonly', DATABASE ?? '', `SELECT COUNT(*) FROM "${table}"`], { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim()}`;
    } catch {
      return '';
    }
  }).filter((one) => one !== '').join(' ');
}

/** One signed-in session for each role, from an address of its own: allowances are by address. @type {Record<string, Session>} */
const sessions = {};
const addressOf = Object.fromEntries(ROLES.map((role, i) => [role, `127.0.1.${i + 1}`]));
if (PHASE === 'attack') {
  for (const role of ROLES) {
    const { answer, session } = await signIn(role, { from: addressOf[role] });
    if (answer.status !== 200) {
      throw new Error(`${role} cannot sign in: ${answer.text}`);
    }
    sessions[role] = session;
  }
}

/* ---- who may ---- */

async function whoMay() {
  await test('every route is closed to whoever is not signed in, but those that are for everybody', async () => {
    const open = ROUTES.filter((route) => !route.roles).map(nameOf).sort().join(', ');
    check(open === 'GET /api/v1/session, GET /api/v1/texts, GET /public/cylinder/{code}, POST /api/v1/session', `open to everybody: ${open}`);
    for (const route of ROUTES.filter((one) => one.roles)) {
      const answer = await ask(route.method, fillPath(route.path, route.parameters), { body: route.schema ? {} : undefined, from: '127.0.2.1' });
      check(answer.status === 401 && answer.text.includes('NOT_SIGNED_IN'), `${nameOf(route)}: ${answer.status} ${answer.text}`);
    }
  });
  for (const role of ROLES) {
    await test(`forced browsing: ${role} gets 403 from every route of other roles, and the others' answers from its own`, async () => {
      const before = fingerprint();
      let refused = 0;
      for (const route of ROUTES.filter((one) => one.roles && !isOwn(one) && !(one.roles.includes(role) && one.path.endsWith('/password')))) {
        const answer = await ask(route.method, fillPath(route.path, route.parameters), { body: route.schema ? {} : undefined, session: sessions[role], from: addressOf[role] });
        if (route.roles?.includes(role)) {
          check(answer.status !== 401 && answer.status !== 403 && answer.status < 500, `${nameOf(route)} is ${role}'s: ${answer.status} ${answer.text.slice(0, 200)}`);
        } else {
          refused += 1;
          check(answer.status === 403 && answer.text.includes('FORBIDDEN'), `${nameOf(route)}: ${answer.status} ${answer.text.slice(0, 200)}`);
        }
      }
      check(refused >= 5, `only ${refused} routes are refused`);
      check(fingerprint() === before, `something changed: ${before} to ${fingerprint()}`);
    });
  }
}

/* ---- forged requests ---- */

async function forged() {
  await test('cross-site: no change is made without the token, with another session\'s, from another origin, or as a form', async () => {
    const before = fingerprint();
    for (const route of CHANGING) {
      const role = route.roles?.find((one) => one !== 'administrator') ?? 'administrator';
      const other = ROLES.find((one) => one !== role) ?? '';
      const path = fillPath(route.path, route.parameters);
      const body = route.schema ? {} : undefined;
      const session = sessions[role];
      const from = addressOf[role];
      const tries = /** @type {[string, any, string][]} */ ([
        ['no token', { session: { cookie: session.cookie } }, 'TOKEN'], ['another\'s token', { session: { ...session, token: sessions[other].token } }, 'TOKEN'],
        ['a cut token', { session: { ...session, token: session.token?.slice(1) } }, 'TOKEN'],
        ['another origin', { session, headers: { Origin: 'https://evil.example' } }, 'ORIGIN'], ['origin null', { session, headers: { Origin: 'null' } }, 'ORIGIN'],
        ['a like origin', { session, headers: { Origin: `${origin}.evil.example` } }, 'ORIGIN'], ['another site', { session, headers: { 'Sec-Fetch-Site': 'cross-site' } }, 'ORIGIN'],
        ['another host', { session, headers: { Host: 'evil.example' } }, 'HOST'],
        ...(route.schema ? [['a form', { session, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }, 'BODY_TYPE'], ['plain text', { session, headers: { 'Content-Type': 'text/plain' } }, 'BODY_TYPE']] : []),
      ]);
      for (const [what, options, error] of tries) {
        const answer = await ask(route.method, path, { body, from, ...options });
        check([403, 415].includes(answer.status) && answer.text.includes(`"${error}"`), `${nameOf(route)} with ${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
      }
    }
    check(fingerprint() === before, `something changed: ${before} to ${fingerprint()}`);
  });
  await test('cross-site: nobody is signed in by another site', async () => {
    for (const headers of [{ Origin: 'https://evil.example' }, { 'Content-Type': 'text/plain' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
      const answer = await ask('POST', '/api/v1/session', { body: { user: 'auditor', password: PASSWORD }, headers, from: '127.0.2.2' });
      check([403, 415].includes(answer.status) && !answer.headers['set-cookie'], `${JSON.stringify(headers)}: ${answer.status}`);
    }
  });
}

async function sessionTests() {
  await test('session fixation: a session that the client chose is not taken over; each sign-in makes a new one', async () => {
    const chosen = '__Host-fillgate=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';
    const first = await signIn('auditor', { cookie: chosen, from: '127.0.2.3' });
    check(first.answer.status === 200 && !first.session.cookie.includes('0123456789abcdef'), first.session.cookie);
    check((await ask('GET', '/api/v1/entries', { session: { cookie: chosen } })).status === 401, 'the chosen one is good');
    const second = await signIn('auditor', { cookie: first.session.cookie, from: '127.0.2.3' });
    check(second.session.cookie.split(';')[0] !== first.session.cookie.split(';')[0], 'the second sign-in has the first one\'s session');
  });
  await test('session cookies are for this host over HTTPS only, and out of reach for scripts and other sites', async () => {
    const { cookies } = await signIn('auditor', { from: '127.0.2.3' });
    check(cookies.length === 2, `${cookies.length} cookies`);
    for (const cookie of cookies) {
      check(/^__Host-fillgate(-browser)?=[0-9A-Za-z_-]{32,}; Path=\/; HttpOnly; SameSite=Strict; Secure/.test(cookie) && !/domain/i.test(cookie), cookie.replace(/=[^;]*/, '=...'));
    }
  });
  await test('signing out ends the session at the server, not only in the browser', async () => {
    const { session } = await signIn('auditor', { from: '127.0.2.4' });
    check((await ask('GET', '/api/v1/entries', { session })).status === 200, 'it is not good to begin with');
    check((await ask('DELETE', '/api/v1/session', { session })).status === 200, 'signing out is refused');
    check((await ask('GET', '/api/v1/entries', { session })).status === 401, 'the session lives on');
  });
  await test('a new password ends the user\'s other sessions', async () => {
    const one = await signIn('leaver', { from: '127.0.2.5' });
    const other = await signIn('leaver', { from: '127.0.2.6' });
    const changed = await ask('POST', '/api/v1/session/password', { session: one.session, body: { old: PASSWORD, new: 'a sentence of my own' }, from: '127.0.2.5' });
    check(changed.status === 200, changed.text);
    check((await ask('GET', '/api/v1/entries', { session: other.session })).status === 401, 'the other session lives on');
    check((await signIn('leaver', { from: '127.0.2.5' })).answer.status === 401, 'the old password is still good');
  });
  await test('wrong passwords are slowed down, and lock nobody out who was here before', async () => {
    const statuses = [];
    for (let i = 0; i < 45; i += 1) {
      statuses.push((await signIn('supervisor', { password: `guess number ${i}`, from: `127.0.3.${i % 3}` })).answer.status);
    }
    check(statuses.every((one) => one === 401 || one === 429) && statuses.filter((one) => one === 429).length >= 10, statuses.join(' '));
    check((await signIn('supervisor', { from: addressOf.supervisor, cookie: sessions.supervisor.cookie })).answer.status === 200, 'the supervisor is locked out at his own browser');
    check((await signIn('registrar', { from: '127.0.3.9' })).answer.status === 200, 'another user is locked out');
  });
  await test('who guesses learns nothing of which names exist', async () => {
    const known = await signIn('registrar', { password: 'not this one', from: '127.0.2.7' });
    const unknown = await signIn('nobody-of-this-name', { password: 'not this one', from: '127.0.2.7' });
    check(known.answer.status === unknown.answer.status && known.answer.text === unknown.answer.text, `${known.answer.text} ${unknown.answer.text}`);
  });
}

/* ---- hostile values ---- */

const HOSTILE = ["' OR 1=1 --", '"; DROP TABLE cylinder; --', '%', '_', '\\', '\u0000', '\r\nX-Injected: yes', '${7*7}{{7*7}}', '<script>alert(1)</script>', '\u202e\u2066', '🧨𠮷', '../../etc/passwd', 'A'.repeat(3000), '-1',
  '9223372036854775808', '1e99', 'NaN', '=cmd|calc'];
/** Encoded already: what is no UTF-8, or encoded twice. */
const ENCODED = ['%ff%fe', '%c0%af', '%2527', '%', '%zz', '%e6%b5', '%00', '%0d%0aX-Injected:%20yes'];

/** @param {Route} route @param {string} what @param {any} answer */
function judge(route, what, answer) {
  check(answer.status < 500 && answer.status >= 200, `${nameOf(route)} ${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
  check(answer.headers['x-injected'] === undefined && !/<script>/.test(answer.headers['content-type'] ?? ''), `${nameOf(route)} ${what}: a header was injected`);
  if (/^application\/json/.test(answer.headers['content-type'] ?? '')) {
    JSON.parse(answer.text);
  }
}

/** @param {Route} route */
function roleFor(route) {
  return route.roles?.find((one) => one === 'auditor') ?? route.roles?.find((one) => one === 'supervisor') ?? route.roles?.[0] ?? 'auditor';
}

async function hostile() {
  let turn = 0;
  /** @param {Route} route @param {string} path @param {any} [body] */
  const send = (route, path, body) => {
    turn += 1;
    const role = roleFor(route);
    return ask(route.method, path, { session: sessions[role], body, from: `127.0.4.${1 + (Math.trunc(turn / 300) % 250)}` });
  };
  await test('injection: hostile values in every path and query of every GET route are refused or find nothing', async () => {
    for (const route of ROUTES.filter((one) => one.method === 'GET')) {
      for (const parameter of route.parameters) {
        for (const text of [...HOSTILE.map(encodeURIComponent), ...ENCODED]) {
          const path = parameter.in === 'path' ? fillPath(route.path, route.parameters, { [parameter.name]: text }) : `${fillPath(route.path, route.parameters)}?${parameter.name}=${text}`;
          judge(route, `${parameter.name}=${text.slice(0, 60)}`, await send(route, path));
        }
      }
    }
  });
  await test('injection: a hostile search never finds more than an honest one', async () => {
    const all = JSON.parse((await ask('GET', '/api/v1/cylinders', { session: sessions.auditor })).text).cylinders.length;
    check(all === 3, `${all} cylinders to begin with`);
    const { parameters } = ROUTES.find((route) => nameOf(route) === 'GET /api/v1/cylinders') ?? { parameters: [] };
    for (const parameter of parameters.filter((one) => one.schema.type === 'string' && !one.schema.enum && one.name !== 'after')) {
      for (const text of HOSTILE) {
        const answer = await ask('GET', `/api/v1/cylinders?${parameter.name}=${encodeURIComponent(text)}`, { session: sessions.auditor, from: '127.0.4.251' });
        check([400, 414].includes(answer.status) || JSON.parse(answer.text).cylinders.length === 0, `${parameter.name}=${text}: ${answer.text.slice(0, 200)}`);
      }
    }
  });
  await test('injection: hostile values in every member of every body are refused or kept as they are', async () => {
    for (const route of CHANGING.filter((one) => one.schema && !isOwn(one))) {
      for (const member of Object.keys(route.schema.properties)) {
        for (const text of HOSTILE) {
          const body = Object.fromEntries(Object.entries(route.schema.properties).filter(([name]) => name === member || (route.schema.required ?? []).includes(name))
            .map(([name, schema]) => [name, name === member ? text : value(schema)]));
          judge(route, `${member}=${text.slice(0, 60)}`, await send(route, fillPath(route.path, route.parameters), body));
        }
      }
    }
    const kept = execFileSync('sqlite3', ['-readonly', DATABASE ?? '', "SELECT COUNT(*) FROM cylinder WHERE code LIKE 'HZ-CNG-%'"]).toString().trim();
    check(kept === '3', `${kept} of 3 cylinders are left`);
  });
  await test('bodies: no JSON, deep, double, with strange members or of other types are refused in words', async () => {
    const session = sessions.registrar;
    const path = '/api/v1/cylinders/HZ-CNG-1';
    const bodies = ['', '{', 'null', '[]', '"text"', '{"version":0,"version":1,"why":"x"}', `${'['.repeat(8000)}${']'.repeat(8000)}`, `{"a":${'{"a":'.repeat(2500)}1${'}'.repeat(2501)}`, '{"version":"0","why":"x"}', '{"version":1.5,"why":"x"}',
      '{"version":-1,"why":"x"}', '{"version":99999999999999999999,"why":"x"}', '{"version":0,"why":7}', '{"version":0,"why":null}', '{"version":0,"why":["x"]}', '{"version":0,"why":"x","__proto__":{}}', '{"version":0,"why":"\\ud800"}',
      '{"version":0,"why":"\\u0000"}', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('latin1'), '{"version":0,"why":"x"}{"version":0}', '{"version":0,"why":"x"} x'];
    for (const body of bodies) {
      const answer = await ask('PATCH', path, { session, body, from: '127.0.4.252', headers: { 'Content-Type': 'application/json' } });
      check(answer.status === 400 && /BAD_(BODY|PARAMETER)/.test(answer.text), `${body.slice(0, 60)}: ${answer.status} ${answer.text.slice(0, 200)}`);
    }
  });
}

/* ---- paths, sizes, wire ---- */

function memory_kb() {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${BUREAU_PID}/status`, 'utf8'))?.[1] ?? 0);
}
const head = (/** @type {string} */ path, more = '') => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${PORT}\r\nConnection: close\r\n${more}\r\n`;

async function wire() {
  await test('path traversal: nothing but the pages comes out, whatever the path', async () => {
    const paths = ['/../etc/passwd', '/..%2f..%2fetc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/js/../../bureau.ini', '/js/%2e%2e/%2e%2e/bureau.ini', '//etc/passwd', '/js//main.js', '/js\\..\\main.js', '/js/main.js%00.html', '/./index.html',
      '/bureau.db', '/bureau.ini', '/receipt.pem', '/js/', '/js', '/%2e%2e%5cbureau.ini', '/public/../api/v1/users', '/lib/../js/main.js', '/api/v1/../v1/session', '/index.html/..', '/;/js/main.js', '/?/../../etc/passwd%00'];
    for (const path of paths) {
      const answer = await raw(head(path), { from: '127.0.5.1' });
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
      check([400, 401, 404].includes(status) || (status === 200 && path.startsWith('/?')), `${path}: ${answer.slice(0, 100)}`);
      check(!/root:|\[database\]|PRIVATE KEY|SQLite format/.test(answer), `${path} gives what is on the disk`);
    }
  });
  await test('oversize and malformed requests are cut off, others are answered meanwhile, and memory stays bounded', async () => {
    const before_kb = memory_kb();
    const malformed = [
      head('/', `X-Long: ${'a'.repeat(1 << 20)}\r\n`), head('/', 'X-Many: a\r\n'.repeat(10000)), head(`/${'a'.repeat(100000)}`), head('/', `Cookie: ${'a=b; '.repeat(20000)}\r\n`),
      `POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1:${PORT}\r\nOrigin: ${origin}\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\n\r\n${'{'.repeat(200000)}`,
      `POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1:${PORT}\r\nContent-Length: -1\r\n\r\n{}`, `POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1:${PORT}\r\nContent-Length: 2\r\nContent-Length: 20\r\n\r\n{}`,
      `POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1:${PORT}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`, `POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1:${PORT}\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nGET /api/v1/users HTTP/1.1\r\n\r\n`,
      'GET / HTTP/9.9\r\n\r\n', 'GET /\r\n\r\n', '\r\n\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', Buffer.alloc(65536, 0xff), `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`, `GET / HTTP/1.1\r\n\r\n`, `TRACE / HTTP/1.1\r\nHost: 127.0.0.1:${PORT}\r\n\r\n`,
      `CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n`,
    ];
    for (let round = 0; round < 3; round += 1) {
      const answers = await Promise.all(malformed.map((bytes, i) => raw(bytes, { from: `127.0.5.${2 + i}`, patience_ms: 3000 })));
      answers.forEach((answer, i) => check(!/^HTTP\/1\.1 (2|5)/.test(answer) || /^HTTP\/1\.1 50[15]/.test(answer), `${String(malformed[i]).slice(0, 60)}: ${answer.slice(0, 100)}`));
      check((await ask('GET', '/api/v1/session', { from: '127.0.5.1' })).status === 200, 'others are not answered');
    }
    const after_kb = memory_kb();
    check(after_kb - before_kb < 64 * 1024, `memory grew from ${before_kb} to ${after_kb} kB`);
  });
  await test('a body beyond the bound is 413, and an unknown method 405 or refused', async () => {
    const big = await ask('PATCH', '/api/v1/cylinders/HZ-CNG-1', { session: sessions.registrar, body: { version: 0, why: 'x'.repeat(20000) }, from: '127.0.5.30' });
    check(big.status === 413, `${big.status}`);
    for (const method of ['PUT', 'OPTIONS', 'PROPFIND', 'DELETE']) {
      const answer = await ask(method, '/api/v1/cylinders/HZ-CNG-1', { session: sessions.registrar, from: '127.0.5.30' });
      check([400, 403, 404, 405, 501].includes(answer.status), `${method}: ${answer.status}`);
    }
  });
  await test('every kind of answer has the headers that keep browsers safe', async () => {
    const kinds = /** @type {[string, string, any, number][]} */ ([
      ['a page', '/', {}, 200], ['the public page', '/public', {}, 200], ['a script', '/js/main.js', {}, 200], ['an answer', '/api/v1/session', {}, 200], ['data', '/api/v1/cylinders', { session: sessions.auditor }, 200],
      ['a download', '/api/v1/export/csv', { session: sessions.auditor }, 200], ['nobody', '/api/v1/cylinders', {}, 401], ['not found', '/nothing', {}, 404], ['a bad value', '/api/v1/cylinders?limit=x', { session: sessions.auditor }, 400],
      ['another host', '/', { headers: { Host: 'evil.example' } }, 403], ['public', '/public/cylinder/HZ-CNG-1', {}, 200],
    ]);
    for (const [what, path, options, status] of kinds) {
      const { headers, ...answer } = await ask('GET', path, { from: '127.0.5.31', ...options });
      const policy = String(headers['content-security-policy']);
      check(answer.status === status, `${what}: ${answer.status}`);
      check(policy.includes("default-src 'none'") && policy.includes("frame-ancestors 'none'") && policy.includes("base-uri 'none'") && !/unsafe|\*|https?:/.test(policy), `${what}: ${policy}`);
      check(headers['x-content-type-options'] === 'nosniff' && headers['referrer-policy'] === 'no-referrer' && headers['x-frame-options'] === 'DENY', `${what}: ${JSON.stringify(headers)}`);
      check(Number(/max-age=(\d+)/.exec(String(headers['strict-transport-security']))?.[1]) >= 31536000, `${what}: no HSTS`);
      check(headers.server === undefined && headers['x-powered-by'] === undefined && headers['access-control-allow-origin'] === undefined, `${what}: ${JSON.stringify(headers)}`);
      check(!path.startsWith('/api/') || /no-store/.test(String(headers['cache-control'])), `${what} may be kept: ${headers['cache-control']}`);
    }
  });
  await test('the public look-up says nothing about persons, and each address may ask only so often', async () => {
    const first = await ask('GET', '/public/cylinder/HZ-CNG-1', { from: '127.0.6.1' });
    check(first.status === 200 && !/Secret Owner|PLATE-7|AREA-5/.test(first.text), first.text);
    const statuses = [];
    for (let i = 0; i < 60; i += 1) {
      statuses.push((await ask('GET', `/public/cylinder/HZ-CNG-${i}`, { from: '127.0.6.2' })).status);
    }
    check(statuses.filter((one) => one === 429).length >= 20, statuses.join(' '));
    check((await ask('GET', '/public/cylinder/HZ-CNG-1', { from: '127.0.6.3' })).status === 200, 'others may not ask either');
  });
}

if (PHASE === 'attack') {
  await whoMay();
  await forged();
  await hostile();
  await wire();
  await sessionTests();
} else {
  await test('the public look-up can be switched off: then there is none', async () => {
    check((await ask('GET', '/public/cylinder/HZ-CNG-1')).status === 404, 'it answers');
    check(JSON.parse((await ask('GET', '/api/v1/session')).text).public_lookup === false, 'pages are told that there is one');
  });
  await test('after all of that the database is whole, and users sign in', async () => {
    check(execFileSync('sqlite3', ['-readonly', DATABASE ?? '', 'PRAGMA integrity_check']).toString().trim() === 'ok', 'it is not whole');
    check((await signIn('auditor', { from: '127.0.7.1' })).answer.status === 200, 'the auditor cannot sign in');
  });
}
process.exit(finish());

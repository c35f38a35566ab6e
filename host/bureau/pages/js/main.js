/* Starts the pages and shows the view that the address means; whoever is not signed in gets the sign-in in its place and comes back to
 * the same address. Not: what views show (views/), who may see which (session.js). */
import { whenSignedOut } from '/js/api.js';
import { byId, fill, h } from '/js/dom.js';
import { zoneText } from '/js/format.js';
import { head, link, notice, words } from '/js/parts.js';
import { go, placeOf, to } from '/js/router.js';
import { forget, loadSession, may, sessionNow, signOut, watchEnd } from '/js/session.js';
import { chooseLanguage, languageNow, loadTexts, switchLanguage, t, word } from '/js/texts.js';

/** @typedef {{name: string, file: string, text: string, right?: import('/js/session.js').Right}} View */

/** The menu: groups of views. @type {{text: string, views: View[]}[]} */
const MENU = [
  { text: 'MENU_ASK', views: [
    { name: 'overview', file: 'overview', text: 'OVERVIEW', right: 'READ' },
    { name: 'history', file: 'history', text: 'HISTORY', right: 'READ' },
    { name: 'cylinders', file: 'cylinders', text: 'CYLINDERS', right: 'READ' },
    { name: 'stations', file: 'stations', text: 'STATIONS', right: 'READ' },
  ] },
  { text: 'MENU_ACT', views: [
    { name: 'alarms', file: 'alarms', text: 'ALARMS', right: 'READ' },
    { name: 'cases', file: 'cases', text: 'CASES', right: 'READ' },
    { name: 'registry', file: 'registry', text: 'REGISTRY', right: 'REGISTRY' },
    { name: 'publish', file: 'publish', text: 'PUBLISH', right: 'PUBLISH' },
    { name: 'devices', file: 'devices', text: 'DEVICES', right: 'DEVICES' },
  ] },
  { text: 'MENU_PROVE', views: [
    { name: 'verify', file: 'verify', text: 'VERIFY', right: 'READ' },
    { name: 'samples', file: 'samples', text: 'SAMPLES', right: 'SAMPLE' },
    { name: 'trail', file: 'trail', text: 'TRAIL', right: 'TRAIL' },
  ] },
  { text: 'MENU_OWN', views: [
    { name: 'users', file: 'users', text: 'USERS', right: 'USERS' },
    { name: 'account', file: 'account', text: 'ACCOUNT' },
  ] },
];
/** Views that other views lead to; in the menu they belong to another.
 * @type {(View & {of: string})[]} */
const OTHERS = [
  { name: 'entry', file: 'entry', text: 'ENTRY', right: 'READ', of: 'history' },
  { name: 'cylinder', file: 'cylinder', text: 'CYLINDER', right: 'READ', of: 'cylinders' },
  { name: 'vehicle', file: 'vehicle', text: 'VEHICLE', right: 'READ', of: 'cylinders' },
  { name: 'station', file: 'station', text: 'STATION', right: 'READ', of: 'stations' },
  { name: 'point', file: 'point', text: 'POINT', right: 'READ', of: 'stations' },
  { name: 'operator', file: 'operator', text: 'OPERATOR', right: 'READ', of: 'stations' },
  { name: 'case', file: 'case', text: 'CASE', right: 'READ', of: 'cases' },
];

/** Rises with every showing: what was asked for an address that was left is thrown away. */
let turn = 0;
let leaving = new AbortController();
/** Where each address was scrolled to, for going back. @type {Map<string, number>} */
const scrolled = new Map();
let shownHash = '';
let followed = false;

/** @param {string} name @returns {View & {of?: string}|undefined} */
function viewOf(name) {
  return [...MENU.flatMap((group) => group.views), ...OTHERS].find((view) => view.name === name);
}

/* ---- the frame ---- */

function menuOpen(open) {
  document.body.classList.toggle('menu-open', open);
  byId('menu-button').setAttribute('aria-expanded', String(open));
}

function menuShow(current) {
  const menu = byId('menu');
  const signedIn = sessionNow().signed_in && !sessionNow().must_change_password;
  menu.hidden = !signedIn;
  byId('menu-button').hidden = !signedIn;
  byId('quick').hidden = !signedIn || !may('READ');
  menu.setAttribute('aria-label', t('MENU'));
  fill(menu, !signedIn ? null : MENU.map((group) => {
    const views = group.views.filter((view) => !view.right || may(view.right));
    return views.length === 0 ? null : h('div', { class: 'group' }, h('h2', null, t(group.text)),
      h('ul', null, views.map((view) => h('li', null,
        link(to([view.name]), t(view.text), { 'aria-current': view.name === current ? 'page' : null })))));
  }));
}

function topShow() {
  const session = sessionNow();
  byId('top').hidden = false;
  byId('foot').hidden = false;
  byId('brand').setAttribute('aria-label', t('BRAND'));
  byId('menu-button').setAttribute('aria-label', t('MENU'));
  byId('quick-text').setAttribute('aria-label', t('QUICK'));
  byId('quick-text').setAttribute('placeholder', t('QUICK'));
  fill(byId('quick-go'), t('QUICK_GO'));
  fill(byId('language'), t('LANGUAGE_OTHER'));
  byId('language').setAttribute('lang', languageNow() === 'en' ? 'zh-CN' : 'en');
  const skip = byId('skip');
  skip.hidden = false;
  fill(skip, t('SKIP'));
  const who = byId('who');
  fill(who, session.signed_in ? [
    h('span', { class: 'who-name' }, link(to(['account']), session.name || session.user), h('small', null, word('ROLE', session.role))),
    h('button', { type: 'button', onclick: leave }, t('SIGN_OUT')),
  ] : null);
  fill(byId('foot'), h('p', null, zoneText()), h('p', null, t('FOOT')),
    session.public_lookup ? h('p', null, link('/public', t('PUBLIC'))) : null);
}

async function leave() {
  try {
    await signOut();
  } catch {
    await loadSession().catch(forget);
  }
  show();
}

/* ---- one view ---- */

/** @param {Node} node @param {string} title */
function put(node, title) {
  const main = byId('main');
  fill(main, node);
  document.title = `${title} – fillgate`;
  main.removeAttribute('aria-busy');
}

async function viewNode(place, signal) {
  const session = sessionNow();
  const view = viewOf(place.name);
  if (!session.signed_in) {
    const { show: signIn } = await import('/js/views/signin.js');
    return { node: await signIn({ done: show, ended }), title: t('SIGN_IN') };
  }
  if (session.must_change_password && place.name !== 'account') {
    const { show: account } = await import('/js/views/account.js');
    return { node: await account({ ...place, signal, again: show }), title: t('ACCOUNT') };
  }
  if (!view) {
    return { node: h('div', null, head(t('NO_PAGE')), h('p', null, link(to(['overview']), t('OVERVIEW')))), title: t('NO_PAGE') };
  }
  if (view.right && !may(view.right)) {
    return { node: h('div', null, head(t(view.text)), notice('bad', t('NOT_YOURS', word('ROLE', session.role)))), title: t(view.text) };
  }
  const { show: showView, title } = await import(`/js/views/${view.file}.js`);
  return { node: await showView({ ...place, signal, again: show }), title: title ? title(place) : t(view.text) };
}

let ended = false;

/** Shows the view of the address. */
async function show() {
  turn += 1;
  const mine = turn;
  const place = placeOf();
  const hash = window.location.hash;
  const moved = hash !== shownHash;
  if (moved && shownHash !== '') {
    scrolled.set(shownHash, window.scrollY);
  }
  leaving.abort();
  leaving = new AbortController();
  menuOpen(false);
  topShow();
  menuShow(viewOf(place.name)?.of ?? place.name);
  byId('main').setAttribute('aria-busy', 'true');
  let shown;
  try {
    shown = await viewNode(place, leaving.signal);
  } catch (error) {
    if (mine !== turn || error?.error === 'NOT_SIGNED_IN') {
      return;
    }
    if (error?.error === 'PASSWORD_CHANGE_NEEDED') {
      await loadSession();
      show();
      return;
    }
    const name = viewOf(place.name);
    shown = { node: h('div', null, head(name ? t(name.text) : t('NO_PAGE')), notice('bad', words(error)),
      h('p', null, h('button', { type: 'button', onclick: show }, t('AGAIN')))), title: t('ERROR') };
  }
  if (mine !== turn) {
    return;
  }
  if (sessionNow().signed_in) {
    ended = false;
  }
  put(shown.node, shown.title);
  if (moved) {
    window.scrollTo(0, followed ? 0 : scrolled.get(hash) ?? 0);
    if (shownHash !== '') {
      /** @type {HTMLElement|null} */ (byId('main').querySelector('h1'))?.focus({ preventScroll: true });
    }
  }
  shownHash = hash;
  followed = false;
}

function sessionEnded() {
  if (!sessionNow().signed_in && byId('main').querySelector('#sign-in')) {
    return;
  }
  ended = true;
  forget();
  show();
}

function listen() {
  window.addEventListener('hashchange', () => {
    if (window.location.hash !== '#main') {
      show();
    }
  });
  document.addEventListener('click', (event) => {
    if (event.target instanceof Element && event.target.closest('a[href^="#"]')) {
      followed = true;
    }
  });
  byId('skip').addEventListener('click', (event) => {
    event.preventDefault();
    byId('main').focus();
  });
  byId('menu-button').addEventListener('click', () => menuOpen(!document.body.classList.contains('menu-open')));
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && document.body.classList.contains('menu-open')) {
      menuOpen(false);
      byId('menu-button').focus();
    }
  });
  byId('language').addEventListener('click', () => {
    switchLanguage();
    show();
  });
  byId('quick').addEventListener('submit', (event) => {
    event.preventDefault();
    const sought = byId('quick-text').value.trim();
    const code = sought.toUpperCase();
    byId('quick-text').value = '';
    followed = true;
    if (/^[0-9A-Z-]{1,32}$/.test(code)) {
      go(to(['cylinder', code]));
    } else if (sought !== '') {
      go(to(['vehicle', sought]));
    }
  });
  whenSignedOut(sessionEnded);
  watchEnd(sessionEnded);
}

async function start() {
  chooseLanguage();
  try {
    await Promise.all([loadTexts(), loadSession()]);
  } catch (error) {
    byId('broken').hidden = false;
    console.error(error);
    return;
  }
  listen();
  await show();
}

start();

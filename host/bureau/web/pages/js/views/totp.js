/* The second factor of the own account. */
import { h } from '/js/dom.js';
import { sessionNow } from '/js/session.js';
import { t } from '/js/texts.js';

/** @param {() => void} again */
export function secondFactor(again) {
  void again;
  return h('p', null, sessionNow().totp ? t('TOTP_IS_ON') : t('TOTP_IS_OFF'));
}

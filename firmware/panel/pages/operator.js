/* Who is signed in, until when the certificate counts, and signing out. Not: signing in (signin.js). */
import { renderDue } from '/cylinder.js';
import { byId, setText, setVisible } from '/dom.js';
import { day, minutes } from '/format.js';
import { press } from '/press.js';
import { panel, proof } from '/texts.js';

const IDLE_SHOWN_MS = 120000;

export function startOperator() {
  byId('sign-out').addEventListener('click', () => press(byId('sign-out'), 'sign_out'));
}

/** @param {import('/state.js').State} state */
export function renderOperator(state) {
  const { operator } = state;
  const idle = operator && operator.idle_left_ms > 0 && operator.idle_left_ms <= IDLE_SHOWN_MS;
  setText(byId('operator-id'), operator ? panel('WITH_PROOF', operator.id, proof(operator.proof)) : panel('OPERATOR_NONE'));
  setText(byId('certificate-end'), operator && operator.certificate_end > 0
    ? `${panel('CERTIFICATE_END')} ${day(operator.certificate_end)}` : '');
  renderDue(byId('certificate'), 'CERTIFICATE_END', operator ? operator.certificate_end : 0, state.today, 'RENEW_CERTIFICATE');
  setVisible(byId('certificate-end'), Boolean(operator) && byId('certificate').hidden);
  setText(byId('idle-left'), idle ? panel('IDLE_LEFT', minutes(operator.idle_left_ms)) : '');
  setVisible(byId('idle-left'), Boolean(idle));
  setVisible(byId('sign-out'), Boolean(operator));
}

/* The banner's symbols: one simple solid shape for each display, so that it is known without its colour or words. Drawn in a field of
 * 24 by 24 units. Not: when which is shown (banner.js). */

const NAMESPACE = 'http://www.w3.org/2000/svg';

/** Paths; holes by the even-odd rule. */
const PATHS = {
  HOURGLASS: 'M6 2h12v4l-4.5 6 4.5 6v4H6v-4l4.5-6L6 6z',
  TAG: 'M2 9h9v6H2zM13 7q4 5 0 10l1.800 1.400q5.400-6.400 0-12.800zM17 3.5q7 8.5 0 17l1.800 1.400q8.400-9.900 0-19.800z',
  LENS: 'M10 2a8 8 0 1 0 0.01 0zM10 5a5 5 0 1 1-0.01 0zM15 17l2-2 6 6-2 2z',
  CROSS: 'M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9zM8.5 6L6 8.5 9.5 12 6 15.5 8.5 18l3.5-3.5 3.5 3.5 2.5-2.5-3.5-3.5L18 8.5 15.5 6 12 9.5z',
  LIST: 'M1 4.5l1.700-1.700L5 5l4-4 1.700 1.700L5 8.400zM12 3h11v3.5H12zM1 12.5l1.700-1.700L5 13l4-4 1.700 1.700L5 16.400zM12 11h11v3.5H12zM2 19h5v3.5H2zM12 19h11v3.5H12z',
  ARROW: 'M9 1h6v8h5l-8 8-8-8h5zM2 19h20v4H2z',
  PAUSE: 'M4 2h6v20H4zM14 2h6v20h-6z',
  VALVE: 'M1 8l11 6V8l11-4v18l-11-6v0L1 22zM8 1h8v3h-2.5v5h-3V4H8z',
  CHECK: 'M1.5 13l3.5-3.5 5 5L20 4l3 3.5L10 21z',
  TRIANGLE: 'M12 1l11.5 21H0.5zM10.5 9l0.5 6.5h2l0.5-6.5zM10.5 17.5v2.5h3v-2.5z',
  LOCK: 'M5 10V7a7 7 0 0 1 14 0v3h2v13H3V10zM8.5 10h7V7a3.5 3.5 0 0 0-7 0zM11 14v5h2v-5z',
  PERSON: 'M12 1a5.5 5.5 0 1 0 0.01 0zM2 23q0-10 10-10t10 10z',
  SPEAKER: 'M2 8h5l6-6v20l-6-6H2zM15.5 8q3 4 0 8l1.800 1.400q4.200-5.400 0-10.800zM18.5 4.5q6 7.5 0 15l1.800 1.400q7.200-8.900 0-17.800z',
  SPEAKER_OFF: 'M2 8h5l6-6v20l-6-6H2zM15 9.5l1.5-1.5 2.5 2.5 2.5-2.5 1.5 1.5-2.5 2.5 2.5 2.5-1.5 1.5-2.5-2.5-2.5 2.5-1.5-1.5 2.5-2.5z',
  QUESTION: 'M6 8q0-7 6-7t6 6q0 3-3 5-1.5 1-1.5 3.5h-3q0-4 3-6 1.5-1 1.5-2.5 0-3-3-3t-3 4zM10.5 19h3v4h-3z',
};

/** @param {keyof typeof PATHS} name */
export function symbol(name) {
  const svg = document.createElementNS(NAMESPACE, 'svg');
  const path = document.createElementNS(NAMESPACE, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'symbol');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', PATHS[name]);
  path.setAttribute('fill-rule', 'evenodd');
  svg.append(path);
  return svg;
}

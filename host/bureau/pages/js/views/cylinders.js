/* Registered cylinders in the order of their codes, from a beginning of the code or of a vehicle. */
import { ask, address, path } from '/js/api.js';
import { h } from '/js/dom.js';
import { field, form } from '/js/form.js';
import { cylinderTable, head, link, pager } from '/js/parts.js';
import { go, pick, to } from '/js/router.js';
import { t } from '/js/texts.js';

export async function show({ query, signal }) {
  const asked = pick(query, ['code', 'plate', 'after', 'limit']);
  const page = await ask(address(path('cylinders'), asked), signal);
  const { after, ...first } = asked;
  return h('div', null, head(t('CYLINDERS'), t('CYLINDERS_LEAD')),
    form({
      label: t('SEARCH'), class: 'inline card', name: t('FILTERS'), more: link(to(['cylinders']), t('CLEAR'), { class: 'button' }),
      fields: [
        field('code', t('CODE_BEGINS'), { value: asked.code, maxlength: '32', pattern: '[0-9A-Za-z\\-]+' }),
        field('plate', t('VEHICLE'), { value: asked.plate, maxlength: '15' }),
      ],
      submit: ({ code, plate }) => { go(to(['cylinders'], { code: code?.toUpperCase(), plate })); },
    }),
    h('section', { class: 'card results' }, h('h2', null, t('RESULTS')), cylinderTable(page.cylinders, t('CYLINDERS_CAPTION'), t('CYLINDERS_NONE')),
      pager(page.next ? to(['cylinders'], { ...asked, after: page.next }) : '', after ? to(['cylinders'], first) : '')));
}

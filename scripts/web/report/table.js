// Tables: sorted by a click on a heading, searched, ten rows at first.
import { fill, h } from './dom.js';

const FIRST = 10;
const MORE = 200;

// columns: [{ name, number, text(row) -> Node or string, sort(row), find(row) }]; rows are the caller's.
export function makeTable(columns, options) {
  const table = { columns, rows: [], sort: options.sort ?? 0, down: options.down ?? true, find: '', shown: FIRST };
  const body = h('tbody');
  const heads = h('tr');
  const note = h('p', { class: 'note' });
  const search = h('input', {
    type: 'search', placeholder: 'search', 'aria-label': `search in ${options.title}`,
    oninput: () => { table.find = search.value.toLowerCase(); show(); },
  });
  const more = h('button', { type: 'button', class: 'quiet', onclick: () => { table.shown += table.shown === FIRST ? 40 : MORE; show(); } });
  const grid = h('table', null, h('caption', null, options.title), h('thead', null, heads), body);
  table.element = h('div', { class: 'table' }, h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': options.title }, grid), h('div', { class: 'foot' }, note, more, search));

  function head() {
    fill(heads, table.columns.map((column, i) => h('th', { scope: 'col', class: column.number ? 'n' : '', 'aria-sort': i === table.sort ? (table.down ? 'descending' : 'ascending') : null },
      h('button', { type: 'button', onclick: () => {
        table.down = i === table.sort ? !table.down : !!column.number;
        table.sort = i;
        show();
      } }, column.name))));
  }

  function show() {
    const focused = heads.contains(document.activeElement) ? [...heads.querySelectorAll('button')].indexOf(document.activeElement) : -1;
    head();
    if (focused >= 0) heads.querySelectorAll('button')[focused]?.focus();
    const by = table.columns[Math.min(table.sort, table.columns.length - 1)];
    const way = table.down ? -1 : 1;
    const found = table.find ? table.rows.filter((row) => table.columns.some((column) => column.find && column.find(row).toLowerCase().includes(table.find))) : table.rows.slice();
    const known = (key) => key !== null && key !== undefined && key === key;
    const keys = new Map(found.map((row) => [row, by.sort(row)]));
    found.sort((a, b) => {
      const one = keys.get(a);
      const other = keys.get(b);
      if (!known(one) || !known(other)) return known(other) - known(one);
      return one < other ? -way : one > other ? way : 0;
    });
    fill(body, found.slice(0, table.shown).map((row) => h('tr', null, table.columns.map((column) => h(column.head ? 'th' : 'td', { class: column.number ? 'n' : '', scope: column.head ? 'row' : null }, column.text(row))))));
    const left = found.length - Math.min(found.length, table.shown);
    more.hidden = left === 0;
    more.textContent = `show more (${left.toLocaleString('en')})`;
    search.hidden = table.rows.length <= FIRST && !table.find;
    note.textContent = found.length === 0 ? 'no rows' : '';
    note.hidden = found.length > 0;
  }

  table.update = (rows, columns) => {
    table.rows = rows;
    if (columns) table.columns = columns;
    show();
  };
  return table;
}

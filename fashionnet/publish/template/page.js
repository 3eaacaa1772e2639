// Copy buttons on code, tables that can be sorted, folds that open, and a mark in the
// contents where the reader is. Without it, the page has everything else.
for (const code of document.querySelectorAll('details .highlight pre')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(code.textContent.trimEnd());
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
  code.before(button);
}

const compare = (a, b) => isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
for (const table of document.querySelectorAll('table.sortable')) {
  const [body] = table.tBodies;
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const sign = head.getAttribute('aria-sort') === 'descending' ? 1 : -1;
      heads.forEach(other => other.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
      const value = row => row.cells[column].dataset.value;
      const rows = [...body.rows];
      const sorted = rows.filter(value).sort((a, b) => sign * compare(value(a), value(b)));
      body.append(...sorted, ...rows.filter(row => !value(row)));  // without a value
    });
  });
}

// A link to a section that is folded opens it, and one to a listing opens the listing.
function unfold() {
  const target = document.getElementById(location.hash.slice(1));
  const folds = [target?.closest('details.section')];
  if (target?.id.startsWith('copy-'))
    folds.push(target.parentElement.querySelector(`#${target.id} ~ details`));
  for (const fold of folds) if (fold) fold.open = true;
}
addEventListener('hashchange', unfold);
unfold();

const contents = document.querySelector('.contents');
const links = [...contents?.querySelectorAll('a[href^="#"]') ?? []];
const headings = links.map(link => document.getElementById(link.hash.slice(1)));
let here = null;
function follow() {
  // The last heading above the upper third of the window that is not folded away.
  const passed = links.filter((_, k) => headings[k].checkVisibility()
    && headings[k].getBoundingClientRect().top < innerHeight / 3);
  const link = passed.at(-1) ?? links[0];
  if (link === here) return;
  here?.removeAttribute('aria-current');
  link.setAttribute('aria-current', 'true');
  contents.scrollLeft = link.offsetLeft - 16;  // a bar above the text,
  contents.scrollTop = link.offsetTop - contents.clientHeight / 2;  // or a list beside it
  here = link;
}
if (links.length) {
  addEventListener('scroll', follow, {passive: true});
  follow();
}

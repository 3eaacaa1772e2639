"use strict";
// The page's address holds what is chosen: "#view=ten_classes&cell=6-0&every&disagree".
const data = JSON.parse(document.getElementById("data").textContent);
const controls = document.getElementById("controls");
const gallery = document.getElementById("gallery");
const tables = new Map();
for (const table of document.querySelectorAll("table[data-view]"))
  tables.set(table.dataset.view, table);

const buttonsOf = view => [...tables.get(view).querySelectorAll("button")];
const isRight = button => new Set(button.dataset.cell.split("-")).size === 1;
const phrase = n => `${n.toLocaleString("en")} image${n === 1 ? "" : "s"}`;

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const view = tables.has(given.get("view")) ? given.get("view") : [...tables.keys()][0];
  const named = button => button.dataset.cell === given.get("cell");
  return {
    view,
    button: buttonsOf(view).find(named) ?? commonestMistake(view),
    every: given.has("every"),
    disagree: given.has("disagree"),
  };
}

function commonestMistake(view) {
  const wrong = buttonsOf(view).filter(button => !isRight(button));
  return wrong.reduce((a, b) => (+b.dataset.count > +a.dataset.count ? b : a));
}

function writeAddress(changes) {
  const now = { ...readAddress(), ...changes };
  const given = new URLSearchParams({ view: now.view, cell: now.button.dataset.cell });
  for (const filter of ["every", "disagree"]) if (now[filter]) given.set(filter, "");
  location.hash = given;
}

// Say by position which of the page's images the filters let through.
function filterImages({ view, every, disagree }) {
  const facts = data.views[view];
  return data.id.map((_, i) =>
    (!every || facts.n_wrong[i] === data.n_runs) && (!disagree || facts.disagree[i] === 1));
}

function show() {
  const chosen = readAddress();
  const passes = filterImages(chosen);
  for (const [view, table] of tables) table.parentElement.hidden = view !== chosen.view;
  controls.elements.view.value = chosen.view;
  for (const filter of ["every", "disagree"])
    controls.elements[filter].checked = chosen[filter];
  for (const button of buttonsOf(chosen.view)) showCount(button, chosen, passes);
  showImages(chosen, passes);
}

function showCount(button, chosen, passes) {
  const { cell, count, title } = button.dataset;
  const cells = data.views[chosen.view].cell;
  const isFiltered = chosen.every || chosen.disagree;
  const n = isFiltered ? cells.filter((c, i) => c === cell && passes[i]).length : +count;
  button.textContent = n;
  button.setAttribute("aria-label", `${title}: ${phrase(n)}`);
  button.setAttribute("aria-pressed", button === chosen.button);
  // Tab enters the matrix at the chosen cell; the arrow keys go on from there.
  button.tabIndex = button === chosen.button ? 0 : -1;
}

function showImages({ view, button, every, disagree }, passes) {
  const facts = data.views[view];
  const { cell } = button.dataset;
  const found = [...data.id.keys()].filter(i => facts.cell[i] === cell && passes[i]);
  const sign = isRight(button) ? 1 : -1;
  found.sort((i, j) => sign * (facts.rank[i] - facts.rank[j]));
  const isSample = isRight(button) && !every && !disagree;
  const shown = isSample ? found.slice(0, data.n_right) : found;
  document.getElementById("chosen").textContent = button.getAttribute("aria-label");
  document.getElementById("hint").textContent = describeOrder(shown.length, sign, isSample);
  gallery.replaceChildren(...shown.map(i => makeItem(i, facts)));
}

function describeOrder(n, sign, isSample) {
  if (n < 2 && !isSample) return n ? "" : "No image here; another cell may have some.";
  const order = sign > 0 ? "the least sure first" : "the surest mistakes first";
  return isSample ? `Of these, the ${n} with the least sure label.` : `In order, ${order}.`;
}

function makeItem(i, facts) {
  const lines = [
    `true: ${data.label[i]}`,
    `labeled: ${facts.answer[i]}`,
    `wrong in ${facts.n_wrong[i]} of ${data.n_runs} trainings`,
  ];
  const item = document.createElement("li");
  item.dataset.image = data.id[i];
  const image = document.createElement("img");
  image.src = `data:image/png;base64,${data.png[i]}`;
  image.alt = `Test image ${data.id[i]}; ${lines.join("; ")}`;
  item.append(image);
  for (const line of lines) {
    const text = document.createElement("div");
    text.textContent = line;
    // The alt text has said it.
    text.setAttribute("aria-hidden", "true");
    item.append(text);
  }
  return item;
}

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function moveFocus(event) {
  const [down, right] = STEPS[event.key] ?? [];
  const cell = event.target.closest("td");
  if (down === undefined || !cell) return;
  event.preventDefault();
  const rows = [...event.currentTarget.tBodies[0].rows];
  const row = rows[rows.indexOf(cell.parentElement) + down];
  row?.cells[cell.cellIndex + right]?.querySelector("button")?.focus();
}

for (const [view, table] of tables) {
  table.addEventListener("keydown", moveFocus);
  table.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (button) writeAddress({ view, button });
  });
}
controls.addEventListener("change", event => {
  const { name, value, checked } = event.target;
  if (name === "view") writeAddress({ view: value, button: commonestMistake(value) });
  else writeAddress({ [name]: checked });
});
window.addEventListener("hashchange", () => {
  show();
  // On a narrow screen the images are below the matrix: let the first ones come into view.
  gallery.firstElementChild?.scrollIntoView({ block: "nearest" });
});
controls.hidden = document.getElementById("images").hidden = false;
show();

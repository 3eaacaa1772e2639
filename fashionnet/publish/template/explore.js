"use strict";
// The page's address holds what is chosen: "#view=ten_classes&cell=6-0&class=6", or the
// number of an image: "#5561".
const data = JSON.parse(document.getElementById("data").textContent);
const controls = document.getElementById("controls");
const gallery = document.getElementById("gallery");
const tables = new Map();
for (const table of document.querySelectorAll("table[data-view]"))
  tables.set(table.dataset.view, table);
const pictures = new Map(data.id.map((id, k) => [id, k]));
const FILTERS = ["class", "sure", "right", "every"];
let cellAddress = "";

const buttonsOf = view => [...tables.get(view).querySelectorAll("button")];
const isRight = button => new Set(button.dataset.cell.split("-")).size === 1;
const phrase = n => `${n.toLocaleString("en")} image${n === 1 ? "" : "s"}`;
const isLabeledRight = (view, i) => data.views[view].true[i] === data.views[view].labeled[i];

function readAddress() {
  const given = new URLSearchParams(cellAddress);
  const view = tables.has(given.get("view")) ? given.get("view") : [...tables.keys()][0];
  const named = button => button.dataset.cell === given.get("cell");
  const filters = Object.fromEntries(FILTERS.map(name => [name, given.get(name) ?? ""]));
  const button = buttonsOf(view).find(named) ?? commonestMistake(view);
  return { view, button, filters };
}

function commonestMistake(view) {
  const wrong = buttonsOf(view).filter(button => !isRight(button));
  return wrong.reduce((a, b) => (+b.dataset.count > +a.dataset.count ? b : a));
}

function writeAddress(changes) {
  const now = { ...readAddress(), ...changes };
  const given = new URLSearchParams({ view: now.view, cell: now.button.dataset.cell });
  for (const [name, value] of Object.entries(now.filters)) if (value) given.set(name, value);
  // At once: its event may come when the address is already that of an image.
  location.hash = cellAddress = String(given);
}

// Who names the group of an image right, of the two classifiers that Part 3 compares.
function findRight(i) {
  const ten = isLabeledRight("multiclass_argmax", i), two = isLabeledRight("binary", i);
  if (ten && two) return ["both"];
  return ten ? ["ten", "one"] : two ? ["two", "one"] : ["neither"];
}

function passes(i, view, filters) {
  const facts = data.views[view];
  return (!filters.class || data.label[i] === filters.class)
    && (!filters.sure || facts.sure[i] === filters.sure)
    && (!filters.right || findRight(i).includes(filters.right))
    && (!filters.every || facts.n_wrong[i] === data.n_runs);
}

// List the test images of each cell that pass the filters.
function sortIntoCells(view, filters) {
  const facts = data.views[view];
  const cells = new Map(buttonsOf(view).map(button => [button.dataset.cell, []]));
  for (let i = 0; i < data.label.length; i += 1)
    if (passes(i, view, filters)) cells.get(`${facts.true[i]}-${facts.labeled[i]}`).push(i);
  return cells;
}

function show() {
  const number = /^#(\d+)$/.exec(location.hash)?.[1];
  const isImage = number !== undefined && +number < data.label.length;
  if (!isImage) cellAddress = location.hash.slice(1);
  const { view, button, filters } = readAddress();
  const cells = sortIntoCells(view, filters);
  for (const [name, table] of tables) table.parentElement.hidden = name !== view;
  controls.elements.view.value = view;
  for (const name of FILTERS.slice(0, 3)) controls.elements[name].value = filters[name];
  controls.elements.every.checked = filters.every !== "";
  for (const each of buttonsOf(view)) showCount(each, each === button, cells);
  showImages(view, button, cells.get(button.dataset.cell));
  document.getElementById("image").hidden = !isImage;
  if (isImage) showImage(+number);
}

function showCount(button, isChosen, cells) {
  const { cell, title } = button.dataset;
  const n = cells.get(cell).length;
  button.textContent = n;
  button.setAttribute("aria-label", `${title}: ${phrase(n)}`);
  button.setAttribute("aria-pressed", isChosen);
  // Tab enters the matrix at the chosen cell; the arrow keys go on from there.
  button.tabIndex = isChosen ? 0 : -1;
}

function showImages(view, button, found) {
  const { rank } = data.views[view];
  const sign = isRight(button) ? 1 : -1;
  const shown = found.filter(i => pictures.has(i));
  shown.sort((i, j) => sign * (rank[pictures.get(i)] - rank[pictures.get(j)]));
  if (isRight(button)) shown.splice(data.n_right);
  document.getElementById("chosen").textContent = button.getAttribute("aria-label");
  document.getElementById("hint").textContent = describeOrder(found.length, shown.length, sign);
  gallery.replaceChildren(...shown.map(i => makeItem(i, view)));
}

function describeOrder(nFound, nShown, sign) {
  if (!nFound) return "No image here; another cell may have some.";
  if (nShown < nFound) return `Of these, the page has ${nShown}, the least confident first.`;
  if (nFound === 1) return "";
  return sign > 0 ? "The least confident first." : "The most confident mistakes first.";
}

function makePicture(png) {
  const image = document.createElement("img");
  image.src = `data:image/png;base64,${png}`;
  return image;
}

function makeItem(i, view) {
  const facts = data.views[view], k = pictures.get(i);
  const lines = [
    `true: ${data.names[data.label[i]]}`,
    `labeled: ${facts.answer[k]}`,
    `wrong in ${facts.n_wrong[i]} of ${data.n_runs} runs`,
  ];
  const item = document.createElement("li"), link = document.createElement("a");
  item.dataset.image = i;
  link.href = `#${i}`;
  const image = makePicture(data.png[k]);
  image.alt = `Test image ${i}; ${lines.join("; ")}`;
  link.append(image);
  for (const line of lines) {
    const text = document.createElement("div");
    text.textContent = line;
    // The alt text has said it.
    text.setAttribute("aria-hidden", "true");
    link.append(text);
  }
  item.append(link);
  return item;
}

// All that the page knows of one image.
function showImage(i) {
  const k = pictures.get(i), name = data.names[data.label[i]];
  const section = document.getElementById("image"), image = section.querySelector("img");
  document.getElementById("image-title").textContent = `Test image ${i}`;
  document.getElementById("image-label").textContent = k === undefined
    ? `It is labeled ${name} in the data. All networks with seed 0 are right about it, and confident; this page does not carry its picture.`
    : `It is labeled ${name} in the data.`;
  image.hidden = k === undefined;
  if (k !== undefined) {
    image.src = `data:image/png;base64,${data.png[k]}`;
    image.alt = `Test image ${i}, enlarged`;
  }
  const rows = [...tables.keys()].map(view => makeRow(view, i, k));
  document.getElementById("said").replaceChildren(...rows);
  const neighbors = data.neighbors[i] ?? [];
  for (const part of section.querySelectorAll("#neighbors-title, .note")) part.hidden = !neighbors.length;
  document.getElementById("neighbors").replaceChildren(...neighbors.map(makeNeighbor));
  document.getElementById("back").href = `#${cellAddress}`;
  section.scrollIntoView({ block: "start" });
}

function makeRow(view, i, k) {
  const facts = data.views[view];
  const row = document.createElement("tr"), head = document.createElement("th");
  head.scope = "row";
  head.textContent = facts.title;
  const said = k === undefined ? "✓" : `${isLabeledRight(view, i) ? "✓" : "✗"} ${facts.answer[k]}`;
  const cells = [said, `${facts.n_wrong[i]} of ${data.n_runs}`].map(text => {
    const cell = document.createElement("td");
    cell.textContent = text;
    return cell;
  });
  row.append(head, ...cells);
  return row;
}

function makeNeighbor(i) {
  const [name, png] = data.training[i];
  const item = document.createElement("li"), image = makePicture(png);
  image.alt = `Training image ${i}, labeled ${name}`;
  const text = document.createElement("div");
  text.textContent = `${name} (training image ${i})`;
  text.setAttribute("aria-hidden", "true");
  item.append(image, text);
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
controls.addEventListener("submit", event => event.preventDefault());
controls.addEventListener("change", event => {
  const { name, value, checked } = event.target;
  if (name === "image") {
    if (value !== "" && event.target.checkValidity()) location.hash = value;
  } else if (name === "view") {
    writeAddress({ view: value, button: commonestMistake(value) });
  } else {
    const chosen = name === "every" ? (checked ? "1" : "") : value;
    writeAddress({ filters: { ...readAddress().filters, [name]: chosen } });
  }
});
window.addEventListener("hashchange", () => {
  show();
  // On a narrow screen the images are below the matrix: let the first ones come into view.
  if (document.getElementById("image").hidden)
    gallery.firstElementChild?.scrollIntoView({ block: "nearest" });
});
controls.hidden = document.getElementById("images").hidden = false;
show();

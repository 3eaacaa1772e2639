"use strict";
// What is drawn or chosen lies on one canvas; `update` prepares it, lets the networks
// answer, and shows both. Nothing is stored, and nothing is sent.
const data = JSON.parse(document.getElementById("data").textContent);
const find = id => document.getElementById(id);
const canvas = find("surface"), pen = canvas.getContext("2d", { willReadFrequently: true });
const tools = find("tools"), steps = find("steps"), SIZE = 448, N_UNDO = 30;
// `file` is the chosen picture, `read` what reading it changed; `shown` the last image with
// what the networks say of it.
const state = { file: null, read: null, undo: [], last: null, at: [SIZE / 2, SIZE / 2], isDown: false, shown: null };

// The networks: layers of weights, row by row, then biases; as numbers of 16 bits.

function decode(text) {
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i += 1) bytes[i] = letters.charCodeAt(i);
  return new DataView(bytes.buffer);
}

function toNumber(bits) {
  const sign = bits >> 15 ? -1 : 1, power = (bits >> 10) & 31, rest = bits & 1023;
  return power ? sign * 2 ** (power - 15) * (1 + rest / 1024) : sign * 2 ** -24 * rest;
}

// Returns a function that takes the next n numbers of a text.
function readNumbers(text) {
  const view = decode(text);
  let from = 0;
  return n => {
    const numbers = new Float32Array(n);
    for (let i = 0; i < n; i += 1, from += 2) numbers[i] = toNumber(view.getUint16(from, true));
    return numbers;
  };
}

function readLayers({ sizes, weights }) {
  const take = readNumbers(weights), layers = [];
  for (let i = 1; i < sizes.length; i += 1)
    layers.push({ weights: take(sizes[i - 1] * sizes[i]), biases: take(sizes[i]) });
  return layers;
}

function addUp(values, { weights, biases }) {
  const sums = Float64Array.from(biases), n = sums.length;
  values.forEach((value, i) => {
    if (value === 0) return;
    for (let k = 0, from = i * n; k < n; k += 1) sums[k] += value * weights[from + k];
  });
  return sums;
}

function softmax(scores) {
  const most = scores.reduce((a, b) => Math.max(a, b));
  const powers = scores.map(s => Math.exp(s - most));
  const sum = powers.reduce((a, b) => a + b);
  return [...powers].map(power => power / sum);
}

// The scores of an image, 784 levels from 0 to 255: a dense layer adds up the weights of
// each input that is not 0; between two layers, ReLU sets what is negative to 0.
function score(layers, image) {
  let values = Float64Array.from(image, level => level / 255);
  layers.forEach((layer, number) => {
    const sums = addUp(values, layer);
    const isLast = number === layers.length - 1;
    values = isLast ? sums : sums.map(sum => Math.max(0, sum));
  });
  return values;
}

const networks = Object.fromEntries(
  Object.entries(data.networks).map(([task, packed]) => [task, readLayers(packed)]));

function sumClothing(classes) {
  return data.clothing.reduce((sum, label) => sum + classes[label], 0);
}

// Ten probabilities of an image, and those of Clothing: summed, and of the binary network.
function answer(image) {
  const classes = softmax(score(networks.multiclass, image));
  const top = classes.indexOf(Math.max(...classes)), summed = sumClothing(classes);
  const binary = 1 / (1 + Math.exp(-score(networks.binary, image)[0]));
  return { classes, top, summed, binary };
}

// The convolutional network. A map has all channels of a pixel side by side, pixel by
// pixel; batch normalization is part of weights and biases.
const cnn = readConvolutions(data.cnn);

function readConvolutions({ layout, weights }) {
  const take = readNumbers(weights), steps = [];
  let channels = 1;
  const takeLayer = (inputs, outputs) => ({ weights: take(inputs * outputs), biases: take(outputs) });
  for (const step of layout) {
    if (step === "pool") steps.push({ name: step });
    else {
      const outputs = step === "residual" ? channels : step, convolutions = [takeLayer(9 * channels, outputs)];
      if (step === "residual") convolutions.push(takeLayer(9 * outputs, outputs));
      steps.push({ name: step, convolutions });
      channels = outputs;
    }
  }
  return { steps, outputs: takeLayer(2 * channels, 10) };
}

// A convolution of 3 × 3 with padding, and ReLU.
function convolve(map, side, { weights, biases }) {
  const n = biases.length, inputs = map.length / side ** 2, made = new Float32Array(side ** 2 * n);
  for (let place = 0; place < side ** 2; place += 1) {
    const sums = made.subarray(place * n, (place + 1) * n);
    sums.set(biases);
    for (let k = 0; k < 9; k += 1) {
      const row = Math.floor(place / side) + Math.floor(k / 3) - 1, column = place % side + k % 3 - 1;
      if (Math.min(row, column) < 0 || Math.max(row, column) >= side) continue;
      for (let i = 0; i < inputs; i += 1) {
        const value = map[(row * side + column) * inputs + i], at = (k * inputs + i) * n;
        if (value !== 0) for (let o = 0; o < n; o += 1) sums[o] += value * weights[at + o];
      }
    }
    for (let o = 0; o < n; o += 1) sums[o] = Math.max(0, sums[o]);
  }
  return made;
}

// The largest of each 2 × 2 pixels, channel by channel.
function pool(map, side) {
  const n = map.length / side ** 2, half = side >> 1, made = new Float32Array(half ** 2 * n);
  for (let place = 0; place < half ** 2; place += 1) {
    const corner = (2 * Math.floor(place / half) * side + 2 * (place % half)) * n;
    for (let c = 0; c < n; c += 1)
      made[place * n + c] = Math.max(map[corner + c], map[corner + n + c],
        map[corner + side * n + c], map[corner + (side + 1) * n + c]);
  }
  return made;
}

// Ten probabilities, from the largest and the mean value of each channel.
function answerByCnn(image) {
  let map = Float32Array.from(image, level => (level / 255 - data.cnn.mean) / data.cnn.deviation);
  let side = 28;
  for (const { name, convolutions } of cnn.steps) {
    const before = map;
    if (name === "pool") { map = pool(map, side); side >>= 1; continue; }
    for (const layer of convolutions) map = convolve(map, side, layer);
    if (name === "residual") map = map.map((value, i) => value + before[i]);
  }
  const n = map.length / side ** 2, found = new Float64Array(2 * n);
  found.fill(-Infinity, 0, n);
  map.forEach((value, i) => {
    found[i % n] = Math.max(found[i % n], value);
    found[n + i % n] += value / side ** 2;
  });
  return softmax(addUp(found, cnn.outputs));
}

// How far an image is from the training images, roughly, and whether it is unlike them.

const near = readNear(data.near);

function readNear({ directions, times, means, scales, terms, threshold }) {
  const read = text => Float64Array.from(new Int8Array(decode(text).buffer));
  const places = read(means).map((level, i) => level / scales[i % scales.length]);
  return { directions: read(directions).map(level => level / times), places, n: scales.length, terms, threshold };
}

// Where an image lies along each direction; then how near the nearest mean is, and how
// much of the image lies in no direction.
function estimateDistance(image) {
  const { directions, places, n, terms } = near, at = new Float64Array(n);
  for (let k = 0; k < n; k += 1)
    image.forEach((level, i) => { at[k] += level * directions[image.length * k + i]; });
  let nearest = Infinity, rest = 0;
  for (let from = 0; from < places.length; from += n) {
    let sum = 0;
    for (let k = 0; k < n; k += 1) sum += (at[k] - places[from + k]) ** 2;
    nearest = Math.min(nearest, sum);
  }
  for (const level of image) rest += level ** 2;
  for (const part of at) rest -= part ** 2;
  const [one, two, three] = terms;
  return Math.sqrt(Math.max(0, (one * nearest + two * rest) / image.length + three));
}

const UNLIKE = "Perhaps unlike the data: an estimate, and often a false alarm. See “How far to trust it”.";
const UNLIKE_IN_SHORT = "Perhaps unlike the data.";

// What is shown of an answer.

// A probability, but never as exactly 0 or 1.
function phrase(p) {
  if (p >= 0.9995) return "over 99.9%";
  return p < 0.0005 ? "under 0.1%" : `${(100 * p).toFixed(1)}%`;
}

// Draw 784 levels, one by one, on a canvas of 28 × 28.
function drawLevels(target, levels) {
  const image = new ImageData(28, 28);
  levels.forEach((level, i) => image.data.set([level, level, level, 255], 4 * i));
  target.getContext("2d").putImageData(image, 0, 0);
}

function drawPicture(target, { width, height, data: bytes }) {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    for (let color = 0; color < 3; color += 1) image.data[4 * i + color] = bytes[3 * i + color];
    image.data[4 * i + 3] = 255;
  }
  target.width = width;
  target.height = height;
  target.getContext("2d").putImageData(image, 0, 0);
}

// One column: 1 is the network of Part 1, 2 the convolutional one.
// Without classes, it is still thinking.
function showClasses(classes, column) {
  const most = Math.max(...classes ?? [0]);
  [...find("classes").rows].forEach((row, label) => {
    const cell = row.cells[column], share = classes?.[label] ?? 0;
    cell.classList.toggle("top", share > 0 && share === most);
    cell.style.setProperty("--share", share);
    cell.textContent = most > 0 ? phrase(share) : classes ? "–" : "…";
  });
}

function listWays({ top, summed, binary, byCnn }) {
  const isClothing = data.clothing.includes(top);
  const say = p => `${p > 0.5 ? "yes" : "no"}, probability of Clothing ${phrase(p)}`;
  return [`${isClothing ? "yes" : "no"}: ${data.names[top]} is the most likely class`,
    say(summed), say(binary), byCnn ? say(sumClothing(byCnn)) : "…"];
}

function showWays(said) {
  [...find("ways").rows].forEach((row, i) => {
    row.cells[1].textContent = said ? listWays(said)[i] : "–";
  });
}

// The convolutional network takes longer, so it answers once the drawing rests.
function showCnn() {
  const { image, said } = state.shown;
  said.byCnn = answerByCnn(image);
  showClasses(said.byCnn, 2);
  showWays(said);
  announce(describe(said));
}

let timer = 0;
function announce(text) {
  clearTimeout(timer);
  timer = setTimeout(() => { find("spoken").textContent = text; }, 500);
}

function phraseTop(classes) {
  const top = classes.indexOf(Math.max(...classes));
  const second = classes.indexOf(Math.max(...classes.filter((_, label) => label !== top)));
  return `${data.names[top]} ${phrase(classes[top])}, then ${data.names[second]} `
    + `${phrase(classes[second])}.`;
}

function describe(said) {
  const isClothing = data.clothing.includes(said.top);
  return `${phraseTop(said.classes)} Clothing: ${isClothing ? "yes" : "no"} by the top class, `
    + `summed ${phrase(said.summed)}, binary ${phrase(said.binary)}.`
    + (said.byCnn ? ` The CNN says ${phraseTop(said.byCnn)}` : "")
    + (said.isUnlike ? ` ${UNLIKE}` : "");
}

// Prepare what is on the canvas, ask the networks, show and speak what they say.
let cnnTimer = 0;
function update() {
  clearTimeout(cnnTimer);
  const has = step => steps.elements[step].checked;
  state.checked = listSteps();
  const picture = dropAlpha(pen.getImageData(0, 0, canvas.width, canvas.height));
  find("occlusion").hidden = true;
  try {
    const prepared = prepare(picture, has);
    const isUnlike = estimateDistance(prepared.image) > near.threshold;
    const said = { ...answer(prepared.image), isUnlike };
    state.shown = { image: prepared.image, said };
    drawLevels(find("seen"), prepared.image);
    showStages({ upright: state.read?.onBlack ?? picture, ...prepared.stages });
    showClasses(said.classes, 1);
    showClasses(null, 2);
    showWays(said);
    cnnTimer = setTimeout(showCnn, 150);
    find("message").textContent = prepared.isNegated
      ? "Its background was lighter than the article, so light and dark were swapped." : "";
    find("unlike").textContent = isUnlike ? UNLIKE : "";
    find("short").textContent = `${phraseTop(said.classes)} ${isUnlike ? UNLIKE_IN_SHORT : ""}`;
    find("look").disabled = false;
  } catch (error) {
    refuse(`${error.message} So there is no answer.`);
  }
}

// Say why there is no answer, where one would be, and take the last one away.
function refuse(why) {
  clearTimeout(cnnTimer);
  state.shown = null;
  drawLevels(find("seen"), new Uint8Array(784));
  for (const column of [1, 2]) showClasses(new Array(10).fill(0), column);
  showWays(null);
  find("occlusion").hidden = true;
  find("look").disabled = true;
  find("unlike").textContent = "";
  find("short").textContent = find("message").textContent = why;
  announce(why);
}

function isAlike(one, other) {
  if (one.width !== other.width || one.height !== other.height) return false;
  for (let i = 0; i < one.data.length; i += 1)
    if (one.data[i] !== other.data[i]) return false;
  return true;
}

// Show what each step made, and say of those that changed nothing that they did not.
function showStages(stages) {
  let before = state.read?.isTurned ? null : stages.upright;
  for (const { name, checked } of steps.querySelectorAll("input")) {
    const made = stages[name], hasChanged = !before || !isAlike(before, made);
    drawPicture(find(`stage-${name}`), made);
    find(`change-${name}`).textContent = checked && !hasChanged ? "no change here" : "";
    before = made;
  }
}

// The canvas.

// Keep what `update` showed last, for undo.
function remember() {
  const { file, read, checked } = state;
  const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
  state.undo.push({ pixels, file, read, checked });
  if (state.undo.length > N_UNDO) state.undo.shift();
  find("undo").disabled = false;
}

function start(width, height, color) {
  canvas.width = width;
  canvas.height = height;
  canvas.dataset.ground = color;
  pen.fillStyle = color;
  pen.fillRect(0, 0, width, height);
  state.at = [width / 2, height / 2];
}

function setSteps(isOn) {
  for (const input of steps.querySelectorAll("input")) input.checked = isOn;
}

function listSteps() {
  return [...steps.querySelectorAll("input")].map(input => input.checked);
}

// What is drawn on is a drawing, no longer the picture of a file.
function beginChange() {
  remember();
  state.file = state.read = null;
}

function startDrawing() {
  beginChange();
  start(SIZE, SIZE, "#ffffff");
  tools.elements.ink.value = "#1d2b6b";
  setSteps(true);
  update();
}

// A test image is as the data set has it, so no step is needed.
function startFromSample(number) {
  beginChange();
  start(SIZE, SIZE, "#000000");
  const levels = samples.subarray(784 * number, 784 * (number + 1));
  levels.forEach((level, i) => {
    pen.fillStyle = `rgb(${level} ${level} ${level})`;
    pen.fillRect(16 * (i % 28), 16 * Math.floor(i / 28), 16, 16);
  });
  tools.elements.ink.value = "#c8c8c8";
  setSteps(false);
  update();
  const name = data.names[data.samples.labels[number]];
  find("message").textContent = `Test image ${data.samples.ids[number]}, labeled ${name}, as it is: `
    + "the steps are made for photos, so all are switched off.";
}

// Browsers turn a photo upright by themselves; without the mark of its EXIF data, they
// do not. Returns the file itself if it has no such mark.
async function hideOrientation(file) {
  const bytes = new Uint8Array(await file.arrayBuffer()), mark = [69, 120, 105, 102, 0, 0];
  let isMarked = false;
  for (let i = 0; i < bytes.length; i += 1)
    if (mark.every((byte, k) => bytes[i + k] === byte)) { bytes[i] = 0; isMarked = true; }
  return isMarked ? new Blob([bytes], { type: file.type }) : file;
}

// Lay a bitmap on a color, and scale it to at most 512.
function layOn(color, bitmap) {
  return shrinkLarge(bitmap, (top, rows) => {
    const strip = document.createElement("canvas");
    strip.width = bitmap.width;
    strip.height = rows;
    const brush = strip.getContext("2d", { willReadFrequently: true });
    brush.fillStyle = color;
    brush.fillRect(0, 0, strip.width, rows);
    brush.drawImage(bitmap, 0, -top);
    return dropAlpha(brush.getImageData(0, 0, strip.width, rows));
  });
}

// The levels of a bitmap squeezed into a small square, each pixel's opacity the fourth.
function squeeze(bitmap) {
  const small = document.createElement("canvas");
  small.width = small.height = 64;
  const brush = small.getContext("2d", { willReadFrequently: true });
  brush.drawImage(bitmap, 0, 0, 64, 64);
  return brush.getImageData(0, 0, 64, 64).data;
}

// Read a picture file as Python does, upright and on white. Returns it, whether it was
// turned, and what it is on black if a part of it is transparent.
async function readFile(file) {
  const has = step => steps.elements[step].checked;
  const decode = blob => createImageBitmap(blob, { colorSpaceConversion: "none" });
  const hidden = await hideOrientation(file), lying = await decode(hidden);
  const n = lying.width * lying.height;
  if (n > 5e7) throw new Error(`It has ${Math.round(n / 1e6)} megapixels; at most 50 are read.`);
  const bitmap = has("upright") && hidden !== file ? await decode(file) : lying;
  const levels = squeeze(bitmap), before = squeeze(lying);
  const isTransparent = levels.some((level, i) => i % 4 === 3 && level < 255);
  return {
    picture: layOn(has("white") ? "#ffffff" : "#000000", bitmap),
    isTurned: levels.some((level, i) => level !== before[i]),
    onBlack: isTransparent ? layOn("#000000", bitmap) : null,
  };
}

async function openFile(file) {
  try {
    const { picture, ...read } = await readFile(file);
    remember();
    drawPicture(canvas, picture);
    canvas.dataset.ground = "#ffffff";
    state.file = file;
    state.read = read;
    state.at = [picture.width / 2, picture.height / 2];
    update();
  } catch (error) {
    const why = error.message?.startsWith("It has") ? error.message
      : "It is damaged, or not a picture. PNG, JPEG, WebP and GIF work.";
    refuse(`${file.name || "What was pasted"} cannot be read. ${why}`);
  }
}

function chooseFile(file) {
  setSteps(true);
  return openFile(file);
}

function drawTo([x, y]) {
  const isEraser = tools.elements.tool.value === "eraser";
  const [fromX, fromY] = state.last ?? [x, y];
  pen.strokeStyle = isEraser ? canvas.dataset.ground : tools.elements.ink.value;
  pen.lineWidth = tools.elements.width.value * canvas.width / SIZE;
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  pen.moveTo(fromX, fromY);
  pen.lineTo(x + 0.01, y);
  pen.stroke();
  state.last = [x, y];
}

function placeOf(event) {
  const frame = canvas.getBoundingClientRect();
  return [(event.clientX - frame.left) * canvas.width / frame.width,
    (event.clientY - frame.top) * canvas.height / frame.height];
}

let isWaiting = false;
function updateSoon() {
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(() => { isWaiting = false; update(); });
}

canvas.addEventListener("pointerdown", event => {
  if (event.button) return;
  canvas.setPointerCapture(event.pointerId);
  beginChange();
  state.last = null;
  drawTo(placeOf(event));
  updateSoon();
});
canvas.addEventListener("pointermove", event => {
  if (!state.last || !event.buttons) return;
  drawTo(placeOf(event));
  updateSoon();
});
canvas.addEventListener("pointerup", () => { state.last = null; });
// The browser took the finger for a scroll with two: what it drew was not meant.
canvas.addEventListener("pointercancel", () => {
  if (state.last) undo();
  state.last = null;
});

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// With the keyboard: arrow keys move, the space bar puts the pen down or lifts it, and
// Delete clears.
canvas.addEventListener("keydown", event => {
  const move = MOVES[event.key];
  if (!move && ![" ", "Delete", "Backspace"].includes(event.key)) return;
  event.preventDefault();
  if (["Delete", "Backspace"].includes(event.key)) {
    state.isDown = false;
    startDrawing();
  } else if (!move) {
    state.isDown = !state.isDown;
    if (state.isDown) beginChange();
    state.last = state.isDown ? state.at : null;
    const said = state.shown ? describe(state.shown.said) : "";
    announce(state.isDown ? "Pen down" : `Pen up. ${said}`);
  } else {
    const step = canvas.width / (event.shiftKey ? 56 : 14);
    state.at = state.at.map((x, i) =>
      Math.max(0, Math.min(i ? canvas.height : canvas.width, x + step * move[i])));
  }
  if (state.isDown) { drawTo(state.at); updateSoon(); }
  showCursor();
});

function showCursor() {
  const cursor = find("cursor"), frame = canvas.getBoundingClientRect();
  cursor.hidden = document.activeElement !== canvas || !canvas.matches(":focus-visible");
  cursor.style.left = `${state.at[0] * frame.width / canvas.width}px`;
  cursor.style.top = `${state.at[1] * frame.height / canvas.height}px`;
  cursor.classList.toggle("down", state.isDown);
}
canvas.addEventListener("focus", showCursor);
canvas.addEventListener("blur", () => {
  state.isDown = false;
  state.last = null;
  showCursor();
});

function undo() {
  if (!state.undo.length) return;
  const { pixels, file, read, checked } = state.undo.pop();
  Object.assign(state, { file, read });
  steps.querySelectorAll("input").forEach((input, i) => { input.checked = checked[i]; });
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  pen.putImageData(pixels, 0, 0);
  find("undo").disabled = !state.undo.length;
  update();
}
find("undo").addEventListener("click", undo);
addEventListener("keydown", event => {
  if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.key !== "z") return;
  event.preventDefault();
  undo();
});
find("clear").addEventListener("click", startDrawing);
find("mirror").addEventListener("click", () => {
  beginChange();
  const copy = document.createElement("canvas");
  copy.width = canvas.width;
  copy.height = canvas.height;
  copy.getContext("2d").drawImage(canvas, 0, 0);
  pen.setTransform(-1, 0, 0, 1, canvas.width, 0);
  pen.drawImage(copy, 0, 0);
  pen.setTransform(1, 0, 0, 1, 0, 0);
  update();
});
tools.addEventListener("submit", event => event.preventDefault());

// Pictures from outside.

for (const input of document.querySelectorAll("input[type=file]"))
  input.addEventListener("change", () => {
    if (input.files.length) chooseFile(input.files[0]);
    input.value = "";
  });
addEventListener("paste", event => {
  const [file] = event.clipboardData.files;
  if (file) { event.preventDefault(); chooseFile(file); }
});
addEventListener("dragover", event => event.preventDefault());
addEventListener("drop", event => {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (file) chooseFile(file);
});

// Steps that are done while a file is read need the file again.
steps.addEventListener("change", ({ target }) => {
  const isReading = ["upright", "white"].includes(target.name);
  if (isReading && state.file) openFile(state.file);
  else update();
});
for (const [id, isOn] of [["all", true], ["none", false]])
  find(id).addEventListener("click", () => {
    setSteps(isOn);
    if (state.file) openFile(state.file);
    else update();
  });

// Hide a square of 6 × 6 pixels in 14 × 14 places: by how much does the probability of the
// network of Part 1 drop?
function hideParts(image, label, before) {
  return Array.from({ length: 196 }, (_, place) => {
    const hidden = Uint8Array.from(image);
    const top = 2 * Math.floor(place / 14) - 2, left = 2 * (place % 14) - 2;
    for (let y = Math.max(0, top); y < top + 6 && y < 28; y += 1)
      hidden.fill(0, 28 * y + Math.max(0, left), 28 * y + Math.min(28, left + 6));
    return before - answer(hidden).classes[label];
  });
}

const PLACES = [["top left", "top", "top right"], ["left", "middle", "right"],
  ["bottom left", "bottom", "bottom right"]];

find("look").addEventListener("click", () => {
  const { image, said } = state.shown, before = said.classes[said.top];
  const drops = hideParts(image, said.top, before), most = Math.max(...drops);
  const shown = find("hidden-parts"), brush = shown.getContext("2d");
  drawLevels(shown, image);
  drops.forEach((drop, place) => {
    brush.fillStyle = `rgb(213 94 0 / ${most > 0 ? 0.8 * Math.max(0, drop) / most : 0})`;
    brush.fillRect(2 * (place % 14), 2 * Math.floor(place / 14), 2, 2);
  });
  const at = drops.indexOf(most), name = data.names[said.top];
  const where = PLACES[Math.floor(at / 14 / 14 * 3)][Math.floor((at % 14) / 14 * 3)];
  find("looked").textContent = most > 0
    ? `Hiding a square at the ${where} counts most for the network of Part 1: ${name} then has `
      + `${phrase(before - most)} instead of ${phrase(before)}. The more orange, the larger the drop.`
    : `Nothing that is hidden lowers the probability of ${name} by the network of Part 1.`;
  find("occlusion").hidden = false;
  announce(find("looked").textContent);
});

// Test images to start from; the arrow keys move among them.
const samples = new Uint8Array(decode(data.samples.levels).buffer);
const gallery = find("samples");
data.samples.ids.forEach((id, number) => {
  const button = document.createElement("button"), small = document.createElement("canvas");
  const item = document.createElement("li");
  small.width = small.height = 28;
  drawLevels(small, samples.subarray(784 * number, 784 * (number + 1)));
  button.type = "button";
  button.tabIndex = number ? -1 : 0;
  button.setAttribute("aria-label", `Test image ${id}: ${data.names[data.samples.labels[number]]}`);
  button.append(small);
  button.addEventListener("click", () => startFromSample(number));
  item.append(button);
  gallery.append(item);
});
gallery.addEventListener("keydown", event => {
  const buttons = [...gallery.querySelectorAll("button")];
  const topOf = button => button.getBoundingClientRect().top;
  const inRow = buttons.filter(button => topOf(button) === topOf(buttons[0])).length;
  const [right, down] = MOVES[event.key] ?? [0, 0];
  const next = buttons[buttons.indexOf(event.target) + right + inRow * down];
  if (!next || next === event.target) return;
  event.preventDefault();
  event.target.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});

// Begin with a shirt, so that there is something to change.
function drawShirt() {
  start(SIZE, SIZE, "#ffffff");
  pen.fillStyle = tools.elements.ink.value;
  const outline = [[150, 60], [190, 78], [258, 78], [298, 60], [400, 140], [352, 200],
    [312, 172], [312, 390], [136, 390], [136, 172], [96, 200], [48, 140]];
  pen.beginPath();
  for (const point of outline) pen.lineTo(...point);
  pen.fill();
}

find("undo").disabled = true;
drawShirt();
find("try").hidden = false;
update();

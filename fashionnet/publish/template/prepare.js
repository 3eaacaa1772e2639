// A picture made like those of the data set, step by step as fashionnet/pictures.py does
// it: a test compares the two on thirty pictures. A picture here is {width, height, data},
// with three bytes for each pixel. The steps are those of fashionnet/study/steps.py.
const SIDE = 28, LARGE = 512, TIMES = 3;
const CLOSE = 0.05 * 255, NOISE = 4, DUST = 0.02;

const makePicture = (width, height) =>
  ({ width, height, data: new Uint8ClampedArray(3 * width * height) });

// As Python rounds: halves to the even number.
function roundEven(x) {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 ? low + 1 : low;
}

function median(values) {
  const sorted = Float64Array.from(values).sort(), n = sorted.length;
  return (sorted[(n - 1) >> 1] + sorted[n >> 1]) / 2;
}

// Leave out what is transparent: `imageData` is opaque by now.
function dropAlpha({ width, height, data }) {
  const picture = makePicture(width, height);
  for (let i = 0, j = 0; i < data.length; i += 4) {
    picture.data[j++] = data[i];
    picture.data[j++] = data[i + 1];
    picture.data[j++] = data[i + 2];
  }
  return picture;
}

const box = x => (x > -0.5 && x <= 0.5 ? 1 : 0);
const bicubic = x => {
  const d = Math.abs(x), a = -0.5;
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((d - 5) * d + 8) * d * a - 4 * a : 0;
};

// For each of `n` places, the first of `length` levels that it takes, and their shares.
function listShares(length, n, filter, support) {
  const scale = length / n, wide = Math.max(scale, 1), reach = support * wide;
  return Array.from({ length: n }, (_, place) => {
    const center = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const last = Math.min(length, Math.trunc(center + reach + 0.5));
    const shares = Array.from({ length: last - first },
      (_, k) => filter((first + k - center + 0.5) / wide));
    const sum = shares.reduce((a, b) => a + b, 0);
    return { first, shares: shares.map(share => share / sum) };
  });
}

// Scale rows, or columns, to another length.
function resizeAcross(picture, width, filter, support) {
  const places = listShares(picture.width, width, filter, support);
  const scaled = makePicture(width, picture.height);
  for (let y = 0, to = 0; y < picture.height; y += 1)
    for (const { first, shares } of places) {
      let r = 0, g = 0, b = 0, from = 3 * (y * picture.width + first);
      for (const share of shares) {
        r += share * picture.data[from];
        g += share * picture.data[from + 1];
        b += share * picture.data[from + 2];
        from += 3;
      }
      scaled.data[to++] = r; scaled.data[to++] = g; scaled.data[to++] = b;
    }
  return scaled;
}

function resizeDown(picture, height, filter, support) {
  const places = listShares(picture.height, height, filter, support);
  const scaled = makePicture(picture.width, height), step = 3 * picture.width;
  places.forEach(({ first, shares }, y) => {
    for (let x = 0; x < step; x += 1) {
      let sum = 0, from = step * first + x;
      for (const share of shares) { sum += share * picture.data[from]; from += step; }
      scaled.data[step * y + x] = sum;
    }
  });
  return scaled;
}

// Scale by boxes of pixels, as Pillow does: along the rows first.
const resizeByBoxes = (picture, width, height) =>
  resizeDown(resizeAcross(picture, width, box, 0.5), height, box, 0.5);

// The size of at most 512 × 512 that Pillow's `thumbnail` gives a picture.
function planShrinking({ width, height }) {
  const aspect = width / height;
  if (Math.max(width, height) <= LARGE) return { width, height };
  const nearest = (x, error) => Math.max(1,
    error(Math.floor(x)) <= error(Math.ceil(x)) ? Math.floor(x) : Math.ceil(x));
  return {
    width: aspect >= 1 ? LARGE : nearest(LARGE * aspect, n => Math.abs(aspect - n / LARGE)),
    height: aspect >= 1 ? nearest(LARGE / aspect, n => Math.abs(aspect - LARGE / n)) : LARGE,
  };
}

// Read a picture strip by strip and scale it to at most 512 × 512. `readRows(top, n)`
// returns some rows: no browser has to have room for the whole.
function shrinkLarge(whole, readRows) {
  const { width, height } = planShrinking(whole);
  const rows = Math.max(1, Math.floor(2e6 / whole.width));
  const narrow = makePicture(width, whole.height);
  for (let top = 0; top < whole.height; top += rows) {
    const strip = readRows(top, Math.min(rows, whole.height - top));
    const scaled = width === whole.width ? strip : resizeAcross(strip, width, bicubic, 2);
    narrow.data.set(scaled.data, 3 * width * top);
  }
  return height === whole.height ? narrow : resizeDown(narrow, height, bicubic, 2);
}

// Solve three equations; a term that nothing depends on stays 0.
function solve(matrix) {
  const rows = matrix.map(row => [...row]), found = [0, 0, 0], pivots = [];
  for (let c = 0; c < 3; c += 1) {
    const free = [0, 1, 2].filter(r => !pivots.some(([, used]) => used === r));
    const r = free.reduce((a, b) => (Math.abs(rows[b][c]) > Math.abs(rows[a][c]) ? b : a));
    if (Math.abs(rows[r][c]) < 1e-9) continue;
    pivots.push([c, r]);
    for (const other of [0, 1, 2]) {
      if (other === r) continue;
      const times = rows[other][c] / rows[r][c];
      rows[other] = rows[other].map((value, k) => value - times * rows[r][k]);
    }
  }
  for (const [c, r] of pivots) found[c] = rows[r][3] / rows[r][c];
  return found;
}

// Estimate the ground from the border: a color that may change evenly across. Returns a
// picture of the ground alone, and how much the border usually differs from it.
function estimateGround(picture) {
  const { width, height, data } = picture;
  const rim = Math.max(1, Math.floor(Math.min(width, height) / 30));
  const places = [];
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      places.push(y * width + x);
      // Between the two sides of the border, there is nothing to read.
      if (y >= rim && y < height - rim && x === rim - 1) x = Math.max(x, width - rim - 1);
    }
  const across = Float64Array.from(places, place => place % width / width);
  const down = Float64Array.from(places, place => Math.floor(place / width) / height);
  const colors = [0, 1, 2].map(c => Float64Array.from(places, place => data[3 * place + c]));
  let plane = colors.map(levels => [median(levels), 0, 0]);
  const measure = () => {
    const away = new Float64Array(places.length);
    colors.forEach((levels, c) => {
      const [level, right, below] = plane[c];
      for (let i = 0; i < away.length; i += 1) {
        const difference = levels[i] - level - right * across[i] - below * down[i];
        away[i] = Math.max(away[i], Math.abs(difference));
      }
    });
    return away;
  };
  for (let round = 0; round < 3; round += 1) {
    const away = measure(), most = Math.max(CLOSE, 2 * median(away));
    plane = colors.map(levels => {
      const sums = [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], row = [1, 0, 0, 0];
      for (let k = 0; k < away.length; k += 1) {
        if (away[k] > most) continue;
        row[1] = across[k]; row[2] = down[k]; row[3] = levels[k];
        for (let i = 0; i < 3; i += 1)
          for (let n = 0; n < 4; n += 1) sums[i][n] += row[i] * row[n];
      }
      return solve(sums);
    });
  }
  const noise = median(measure()), ground = makePicture(width, height);
  for (let c = 0; c < 3; c += 1) {
    const [level, right, below] = plane[c];
    for (let y = 0, to = c; y < height; y += 1)
      for (let x = 0; x < width; x += 1, to += 3)
        ground.data[to] = level + right * x / width + below * y / height;
  }
  return { ground, noise };
}

// Of a mask, what most of the 5 × 5 pixels around say.
function takeMajority(mask, width, height) {
  const sumAlong = (values, step, n, length, next) => {
    const sums = new Uint8Array(values.length);
    for (let line = 0; line < n; line += 1) {
      const at = i => values[line * next + Math.min(length - 1, Math.max(0, i)) * step];
      let sum = 2 * at(0) + at(0) + at(1) + at(2);
      for (let i = 0; i < length; i += 1) {
        sums[line * next + i * step] = sum;
        sum += at(i + 3) - at(i - 2);
      }
    }
    return sums;
  };
  const rows = sumAlong(mask, 1, height, width, width);
  return sumAlong(rows, width, width, height, 1).map(sum => (sum >= 13 ? 1 : 0));
}

// Leave out parts of a mask that are small beside the largest one.
function dropDust(mask, width, height) {
  const parts = new Int32Array(mask.length), sizes = [0], waiting = [];
  for (let start = 0; start < mask.length; start += 1) {
    if (!mask[start] || parts[start]) continue;
    const part = sizes.push(0) - 1;
    waiting.push(start);
    parts[start] = part;
    const visit = j => {
      if (mask[j] && !parts[j]) { parts[j] = part; waiting.push(j); }
    };
    while (waiting.length) {
      const i = waiting.pop(), x = i % width;
      sizes[part] += 1;
      if (x > 0) visit(i - 1);
      if (x < width - 1) visit(i + 1);
      if (i >= width) visit(i - width);
      if (i + width < mask.length) visit(i + width);
    }
  }
  const least = Math.max(1, DUST * sizes.reduce((a, b) => Math.max(a, b)));
  return parts.map(part => (sizes[part] >= least ? 1 : 0));
}

function crop(picture, { left, top, width, height }) {
  const part = makePicture(width, height);
  for (let y = 0; y < height; y += 1) {
    const from = 3 * ((top + y) * picture.width + left);
    part.data.set(picture.data.subarray(from, from + 3 * width), 3 * width * y);
  }
  return part;
}

// Cut out what differs from the ground, and lay it on the estimated ground.
function cutOut(picture, ground, noise) {
  const { width, height } = picture, least = Math.max(CLOSE, NOISE * noise);
  let mask = new Uint8Array(width * height);
  for (let i = 0; i < mask.length; i += 1)
    for (let c = 0; c < 3; c += 1)
      if (Math.abs(picture.data[3 * i + c] - ground.data[3 * i + c]) > least) mask[i] = 1;
  if (Math.min(width, height) > 4 * SIDE) mask = takeMajority(mask, width, height);
  mask = dropDust(mask, width, height);
  let left = width, right = -1, top = height, bottom = -1;
  const laid = makePicture(width, height);
  for (let i = 0; i < mask.length; i += 1) {
    const from = mask[i] ? picture.data : ground.data;
    for (let c = 0; c < 3; c += 1) laid.data[3 * i + c] = from[3 * i + c];
    if (!mask[i]) continue;
    const x = i % width, y = (i - x) / width;
    left = Math.min(left, x); right = Math.max(right, x);
    top = Math.min(top, y); bottom = Math.max(bottom, y);
  }
  if (right < 0) throw new Error("Nothing differs from the border: the picture has one color.");
  const area = { left, top, width: right - left + 1, height: bottom - top + 1 };
  return { article: crop(laid, area), place: crop(ground, area) };
}

// Scale the longer side to 28 by leaving rows out, or squeeze the picture into a square.
function scaleArticle(article, keepsShape) {
  if (!keepsShape) return resizeByBoxes(article, SIDE, SIDE);
  const factor = SIDE / Math.max(article.width, article.height);
  const width = Math.max(1, roundEven(article.width * factor));
  const height = Math.max(1, roundEven(article.height * factor));
  const medium = resizeByBoxes(article, TIMES * width, TIMES * height);
  const small = makePicture(width, height);
  for (let y = 0, to = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      for (let c = 0; c < 3; c += 1)
        small.data[to++] = medium.data[3 * ((TIMES * y + 1) * medium.width + TIMES * x + 1) + c];
  return small;
}

// Sharpen with a Gaussian of radius 1, which Pillow makes of three times [1, 4, 1] / 6.
function sharpen(picture) {
  const { width, height, data } = picture;
  let blurred = data;
  for (const [n, step, next] of [[width, 3, 3 * width], [height, 3 * width, 3]])
    for (let round = 0; round < 3; round += 1) {
      const before = blurred;
      blurred = new Uint8ClampedArray(data.length);
      for (let line = 0; line < data.length / 3 / n; line += 1)
        for (let i = 0; i < n; i += 1)
          for (let c = 0; c < 3; c += 1) {
            const at = k => before[line * next + Math.min(n - 1, Math.max(0, k)) * step + c];
            blurred[line * next + i * step + c] = (at(i - 1) + 4 * at(i) + at(i + 1)) / 6;
          }
    }
  const sharp = makePicture(width, height);
  for (let i = 0; i < data.length; i += 1) sharp.data[i] = 2 * data[i] - blurred[i];
  return sharp;
}

// Gray by luminance, one level for each pixel.
function toGray({ data }) {
  const gray = new Float64Array(data.length / 3);
  for (let i = 0; i < gray.length; i += 1)
    gray[i] = (19595 * data[3 * i] + 38470 * data[3 * i + 1] + 7471 * data[3 * i + 2] + 32768) >> 16;
  return gray;
}

function colorGray({ width, height }, levels) {
  const picture = makePicture(width, height);
  levels.forEach((level, i) => picture.data.fill(level, 3 * i, 3 * i + 3));
  return picture;
}

const mean = values => values.reduce((a, b) => a + b, 0) / values.length;

// Make the ground 0 and the most different level 255. Returns levels, that of the ground,
// and whether light and dark were swapped.
function darkenGround(small, place, has) {
  let gray = toGray(small), around, isNegated = false;
  const under = toGray(place);
  if (has("dark")) {
    isNegated = mean(under) > mean(gray);
    gray = gray.map((level, i) => Math.max(0, isNegated ? under[i] - level : level - under[i]));
    around = 0;
  } else around = median(under);
  const most = gray.reduce((a, b) => Math.max(a, b));
  if (has("dark") && has("contrast") && most < CLOSE)
    throw new Error("In gray, the picture is like its background: use a lighter or a darker one.");
  const factor = has("contrast") ? 255 / Math.max(1, most) : 1;
  const raise = level => Math.max(0, Math.min(255, roundEven(factor * level)));
  return { gray, levels: gray.map(raise), around: raise(around), isNegated };
}

// Put levels on a canvas of 28 × 28, in its center or top left.
function putOn({ width, height }, levels, around, isCentered) {
  const top = isCentered ? (SIDE - height + 1) >> 1 : 0;
  const left = isCentered ? (SIDE - width + 1) >> 1 : 0;
  const image = new Uint8Array(SIDE * SIDE).fill(around);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      image[SIDE * (top + y) + left + x] = levels[y * width + x];
  return image;
}

// Prepare a picture, of at most 512 × 512, with the steps that `has` admits. Returns the
// image, 784 levels, and what each step made: pictures, or levels with a width.
function prepare(picture, has) {
  const { ground, noise } = estimateGround(picture);
  const cut = has("cut") ? cutOut(picture, ground, noise) : { article: picture, place: ground };
  const isLarge = Math.max(cut.article.width, cut.article.height) > SIDE || !has("shape");
  const [plain, level] = [cut.article, cut.place].map(part => scaleArticle(part, has("shape")));
  const isSharp = has("sharpen") && isLarge;
  const [small, place] = isSharp ? [plain, level].map(sharpen) : [plain, level];
  const { gray, levels, around, isNegated } = darkenGround(small, place, has);
  const image = putOn(small, levels, around, has("center"));
  const stages = { white: picture, cut: cut.article, shape: plain, sharpen: small,
    dark: colorGray(small, gray), contrast: colorGray(small, levels),
    center: colorGray({ width: SIDE, height: SIDE }, image) };
  return { image, isNegated, stages };
}

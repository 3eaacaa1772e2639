// The contrast of every text on a page with what lies behind it, as the browser computed
// both: a list of [ratio, text]. Source: WCAG 2.2, relative luminance and contrast ratio.
() => {
  const brush = document.createElement('canvas').getContext(
    '2d', {willReadFrequently: true});
  const parse = color => {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = color;
    brush.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const lay = (top, ground, share) =>
    ground.map((v, i) => v + (top[i] - v) * top[3] * share).slice(0, 3);
  const light = rgb => rgb.map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = element => {
    const above = [];
    for (let e = element; e; e = e.parentElement) above.unshift(getComputedStyle(e));
    const ground = above.reduce(
      (rgb, style) => lay(parse(style.backgroundColor), rgb, 1),
      parse('Canvas').slice(0, 3));
    const share = above.reduce((product, style) => product * style.opacity, 1);
    const style = above.at(-1);
    const ink = parse(element.closest('svg') ? style.fill : style.color);
    const [low, high] = [light(lay(ink, ground, share)), light(ground)].sort(
      (a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const measured = new Map();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && !measured.has(element)
        && element.checkVisibility({visibilityProperty: true}))
      measured.set(element, [ratio(element), walker.currentNode.data.trim()]);
  }
  return [...measured.values()];
}

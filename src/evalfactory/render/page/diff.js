"use strict";
// What two texts have in common, word by word: Myers' shortest edit script over the words of both.

/** The words of a text with what stands between them; Japanese and Chinese are parted by dictionary. */
function wordsOf(text) {
  if (!Intl.Segmenter) return text.match(/\s+|\p{L}+|\p{N}+|[^\s\p{L}\p{N}]/gu) ?? [];
  return Array.from(new Intl.Segmenter(undefined, { granularity: "word" }).segment(text), (each) => each.segment);
}

/** Pieces [kind, text]: "same", "gone" of the older text, "come" in the newer one; null where it is too much to compare. */
function differ(older, newer) {
  const a = wordsOf(older), b = wordsOf(newer);
  let head = 0, tail = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const middle = edits(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  if (!middle) return null;
  const same = (words) => words.map((word) => ["same", word]);
  return joined([...same(a.slice(0, head)), ...middle, ...same(a.slice(a.length - tail))]);
}

const MOST_EDITS = 1500;

function edits(a, b) {
  const most = Math.min(a.length + b.length, MOST_EDITS), reached = [];
  let ends = new Map([[1, 0]]);
  for (let steps = 0; steps <= most; steps++) {
    reached.push(new Map(ends));
    for (let k = -steps; k <= steps; k += 2) {
      const down = k === -steps || (k !== steps && (ends.get(k - 1) ?? -1) < (ends.get(k + 1) ?? -1));
      let x = down ? ends.get(k + 1) : ends.get(k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      ends.set(k, x);
      if (x >= a.length && x - k >= b.length) return traced(a, b, reached, steps);
    }
  }
  return null;
}

function traced(a, b, reached, steps) {
  const pieces = [];
  let x = a.length, y = b.length;
  for (; steps > 0; steps--) {
    const ends = reached[steps], k = x - y;
    const down = k === -steps || (k !== steps && (ends.get(k - 1) ?? -1) < (ends.get(k + 1) ?? -1));
    const before = down ? k + 1 : k - 1, fromX = ends.get(before), fromY = fromX - before;
    while (x > fromX && y > fromY) pieces.push(["same", a[--x]]), y--;
    if (down) pieces.push(["come", b[--y]]);
    else pieces.push(["gone", a[--x]]);
  }
  while (x > 0) pieces.push(["same", a[--x]]);
  return pieces.reverse();
}

function joined(pieces) {
  const told = [];
  for (const [kind, text] of pieces) {
    if (told.length && told.at(-1)[0] === kind) told.at(-1)[1] += text;
    else told.push([kind, text]);
  }
  return told;
}

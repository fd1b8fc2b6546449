// The table of all cases: searched, filtered, sorted; a part of it at a time in the document.

const PIECE = 100;
const lines = run.lines.map((line, place) => ({ place, line, sought: [line[0], line[1], ...line[2]].join("\n").toLowerCase() }));
const failed = (cell) => cell[2] === 0, broke = (cell) => cell[2] === 0 && cell[4] === 1, fixed = (cell) => cell[2] === 1 && cell[4] === 0;
const change = (cell) => (cell[1] === null || cell[3] === undefined ? null : cell[1] - cell[3]);
const FILTERS = [
  ["all", "all cases", () => true],
  ["failed", "failed", failed],
  ["broken", "newly failed", broke, "compared"],
  ["fixed", "newly passed", fixed, "compared"],
  ["worse", "scored lower", (cell) => change(cell) < -0.0005, "compared"],
  ["better", "scored higher", (cell) => change(cell) > 0.0005, "compared"],
  ["lost", "errored or missing", (cell) => cell[0] === 1 || cell[0] === 3],
  ["skipped", "skipped", (cell) => cell[0] === 2],
  ["must", "must-run", (cell, flags) => flags & 1],
  ["changed", "another input than before", (cell, flags) => flags & 2, "compared"],
];
let found = lines, shown = 0, order = { by: "weight", up: true }, opened = null, opener = null;

function option(value, text) {
  return element("option", { value }, text);
}

function prepare() {
  byId("show").append(...FILTERS.filter(([, , , needs]) => !needs || run.compared).map(([key, title]) => option(key, title)));
  byId("metric").append(option("", "any metric"), ...run.metrics.map(([name], place) => option(place, name)));
  const tags = new Map();
  for (const { line } of lines) for (const tag of line[2]) tags.set(tag, (tags.get(tag) ?? 0) + 1);
  const most = [...tags].sort((a, b) => b[1] - a[1]).slice(0, 300);
  byId("tag").append(option("", "any"), ...most.map(([tag, count]) => option(tag, `${tag} (${count})`)));
  byId("sort").append(option("weight", "what matters most"), option("id", "id"));
  run.metrics.forEach(([name], place) => {
    byId("sort").append(option(`score ${place}`, `${name}, lowest first`));
    if (run.compared) byId("sort").append(option(`change ${place}`, `${name}, largest drop first`));
  });
  byId("lines").style.minWidth = `${9 + 5.6 * run.metrics.length}rem`;
  const heads = [["id", "case"], ...run.metrics.map(([name], place) => [`score ${place}`, name])];
  byId("lines").tHead.append(element("tr", {}, ...heads.map(([by, title]) =>
    element("th", { scope: "col", class: by === "id" ? "id" : "metric", "data-by": by }, element("button", { type: "button" }, ...breakable(title))))));
}

/** A name that may go over a line's end after an underscore. */
function breakable(name) {
  return name.split(/(?<=_)/).flatMap((part, place) => (place ? [element("wbr"), part] : [part]));
}

function select() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const test = FILTERS.find(([key]) => key === byId("show").value)[2];
  const metric = byId("metric").value, tag = byId("tag").value;
  found = lines.filter(({ line, sought }) =>
    words.every((word) => sought.includes(word)) && (!tag || line[2].includes(tag)) &&
    (metric === "" ? line[5].some((cell) => test(cell, line[3])) : line[5][metric][0] !== 4 && test(line[5][metric], line[3])));
  const key = keyOf(order.by);
  if (order.by !== "weight" || !order.up) {
    found.sort((a, b) => (compareKeys(key(a), key(b)) || a.place - b.place) * (order.up ? 1 : -1));
  }
  show();
}

function keyOf(by) {
  const [kind, metric] = by.split(" ");
  if (kind === "id") return ({ line }) => line[0];
  if (kind === "score") return ({ line }) => line[5][metric][1];
  if (kind === "change") return ({ line }) => change(line[5][metric]);
  return ({ place }) => place;
}

/** Nothing known comes last, whichever way the rest is sorted. */
function compareKeys(a, b) {
  if (a === null || b === null) return a === b ? 0 : (a === null ? 1 : -1) * (order.up ? 1 : -1);
  return a < b ? -1 : a > b ? 1 : 0;
}

function show() {
  byId("lines").tBodies[0].replaceChildren();
  shown = 0;
  grow(PIECE);
  for (const head of byId("lines").tHead.rows[0].cells) {
    if (head.dataset.by === order.by) head.setAttribute("aria-sort", order.up ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
  }
  byId("reset").hidden = found.length === lines.length;
}

function grow(by) {
  const piece = document.createDocumentFragment();
  for (const { line, place } of found.slice(shown, shown + by)) piece.append(rowOf(line, place));
  byId("lines").tBodies[0].append(piece);
  shown = Math.min(shown + by, found.length);
  const of = found.length === lines.length ? "cases" : `of ${lines.length.toLocaleString("en")} cases`;
  byId("status").textContent = found.length === 0 ? "No case is like that." :
    `${found.length.toLocaleString("en")} ${of}${shown < found.length ? `, the first ${shown.toLocaleString("en")} shown` : ""}`;
  byId("more").hidden = byId("everything").hidden = shown >= found.length;
}

function rowOf([id, asked, tags, flags, cause, cells], place) {
  const name = element("a", { href: `#case=${encodeURIComponent(id)}` }, element("bdi", {}, id));
  const head = element("th", { scope: "row" }, name, flags & 1 ? element("span", { class: "tag" }, "must-run") : null, cause ? element("span", { class: "tag" }, cause) : null, element("span", { class: "asked", dir: "auto" }, asked));
  return element("tr", { "data-place": place }, head, ...cells.map(cellOf));
}

function cellOf(cell) {
  const [state, score, success, before] = cell;
  if (state === 4) return element("td", { class: "metric" }, "–");
  if (state && score === null) return element("td", { class: "metric lost" }, STATES[state]);
  const moved = before === undefined || score === null ? null : changeOf(score - before);
  return element("td", { class: success === 0 ? "metric bad" : "metric" }, (success === 0 ? "✗ " : "") + number(score), moved);
}

function sortBy(by) {
  order = { by, up: order.by === by ? !order.up : true };
  const options = [...byId("sort").options].map((each) => each.value);
  if (options.includes(by)) byId("sort").value = by;
  select();
}

function open(place) {
  opened = place;
  byId("case-title").textContent = run.lines[place][0];
  byId("case-body").replaceChildren(...caseBody(place));
  const at = found.findIndex((each) => each.place === place);
  byId("before").disabled = at <= 0;
  byId("after").disabled = at < 0 || at + 1 >= found.length;
  if (!byId("case").open) { opener = document.activeElement; byId("case").showModal(); }
  byId("case").scrollTop = 0;
  byId("case-title").focus();
}

/** The case before or after in the table as it is sorted and filtered now. */
function step(by) {
  const at = found.findIndex((each) => each.place === opened), next = found[at + by];
  if (at >= 0 && next) history.replaceState(null, "", `#case=${encodeURIComponent(next.line[0])}`), open(next.place);
}

function follow() {
  const wanted = /^#case=(.*)$/s.exec(location.hash);
  let id = null;
  try { id = wanted && decodeURIComponent(wanted[1]); } catch { /* not a link of ours */ }
  const place = id === null ? -1 : run.lines.findIndex((line) => line[0] === id);
  if (place >= 0) open(place);
  else if (byId("case").open) byId("case").close();
}

function reset() {
  byId("search").value = byId("tag").value = byId("metric").value = "";
  byId("show").value = "all";
  select();
}

function listen() {
  for (const id of ["search", "show", "metric", "tag"]) byId(id).addEventListener("input", select);
  byId("sort").addEventListener("input", () => { order = { by: byId("sort").value, up: true }; select(); });
  byId("reset").addEventListener("click", reset);
  byId("more").addEventListener("click", () => grow(PIECE));
  byId("everything").addEventListener("click", () => grow(found.length));
  byId("lines").tHead.addEventListener("click", (event) => { const head = event.target.closest("th"); if (head) sortBy(head.dataset.by); });
  byId("lines").tBodies[0].addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row && !event.target.closest("a") && !String(getSelection())) row.querySelector("a").click();
  });
  for (const button of document.querySelectorAll("[data-show]")) {
    button.addEventListener("click", () => { reset(); byId("show").value = button.dataset.show; select(); byId("cases").scrollIntoView(); byId("show").focus(); });
  }
  byId("close").addEventListener("click", () => byId("case").close());
  byId("before").addEventListener("click", () => step(-1));
  byId("after").addEventListener("click", () => step(1));
  byId("case").addEventListener("click", (event) => { if (event.target === byId("case")) byId("case").close(); });
  byId("case").addEventListener("close", () => {
    opened = null;
    if (location.hash.startsWith("#case=")) history.replaceState(null, "", location.pathname + location.search);
    opener?.focus?.({ preventScroll: true });
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (byId("case").open) { if (event.key === "ArrowLeft") step(-1); else if (event.key === "ArrowRight") step(1); }
    else if (event.key === "/" && !event.target.closest("input, select, textarea")) {
      event.preventDefault();
      byId("cases").scrollIntoView();
      byId("search").focus({ preventScroll: true });
    }
  });
  addEventListener("hashchange", follow);
}

function themes() {
  const button = byId("theme"), kinds = ["automatic", "dark", "light"];
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = kinds[(kinds.indexOf(document.documentElement.dataset.theme ?? "automatic") + 1) % kinds.length];
    if (next === "automatic") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    button.querySelector("span").textContent = next;
  });
}

byId("table").hidden = false;
prepare();
select();
listen();
themes();
follow();
(window.requestIdleCallback ?? setTimeout)(() => { inside ??= JSON.parse(byId("texts").textContent); loadOutside(); });

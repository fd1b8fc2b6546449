// One case, opened: every text goes in as text, never as markup.

const STATES = ["scored", "errored", "skipped", "missing", "not planned"];
const byId = (id) => document.getElementById(id);

/** An element with attributes and children; strings become text nodes. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const number = (score) => (score === null ? "–" : score.toFixed(3).replace("-", "−"));
const signed = (change) => (change > 0 ? "+" : "") + number(change);
const TITLES = {
  input: "Asked", scenario: "Scenario", turns: "Conversation", expected_output: "Expected", expected_outcome: "Expected outcome",
  retrieval_context: "Retrieved context", context: "Context",
};

const run = { ...JSON.parse(byId("about").textContent), lines: JSON.parse(byId("rows").textContent) };
let inside = null, outside = null;
const waiting = [];

/** The texts of a line, parsed when first wanted; undefined while they are still on their way. */
function textsOf(place) {
  inside ??= JSON.parse(byId("texts").textContent);
  if (place < run.inside) return JSON.parse(inside[place]);
  if (!run.beside) return null;
  return outside === null ? undefined : outside === false ? null : JSON.parse(outside[place - run.inside] ?? "null");
}

/** What the file beside the page calls. */
window.evalfactory = Object.freeze({
  take(from, packed) {
    if (from === run.inside) outside = packed;
  },
});

/** Loads the file beside the page, once; a page opened from disk may run a script, though it may not fetch. */
function loadOutside() {
  if (!run.beside || outside !== null || byId("outside")) return;
  const script = element("script", { id: "outside" });
  const settle = () => { outside ??= false; for (const done of waiting.splice(0)) done(); };
  script.addEventListener("load", settle);
  script.addEventListener("error", settle);
  const policy = window.trustedTypes?.createPolicy("evalfactory", { createScriptURL: () => run.beside });
  script.src = policy ? policy.createScriptURL("") : run.beside;
  document.head.append(script);
}

function caseBody(place) {
  const texts = textsOf(place);
  if (texts === undefined) {
    waiting.push(() => { if (opened === place) byId("case-body").replaceChildren(...caseBody(place)); });
    loadOutside();
    return [element("p", { class: "loading", role: "status" }, "The texts of this case are being loaded.")];
  }
  const [id, , tags, flags, cause, cells] = run.lines[place];
  const about = element("p", { class: "small" });
  if (flags & 1) about.append(element("span", { class: "tag" }, "must-run"), " ");
  if (flags & 2) about.append(element("span", { class: "tag" }, "another input than in the baseline"), " ");
  if (cause) about.append(element("span", { class: "tag" }, `cause: ${cause}`), " ");
  for (const tag of tags) about.append(element("span", { class: "tag", dir: "auto" }, tag), " ");
  const more = element("p", { class: "small" }, "Every prompt and raw answer of the judge: ", element("code", {}, `evalfactory explain '${id.replaceAll("'", "'\\''")}' --run ${run.run}`));
  if (texts === null) {
    const why = outside === false ? `Its texts are in ${run.beside}, which is not beside this page.` : "Its texts are not in this report.";
    return [about, scoresOf(drawsOf(cells)), element("p", { class: "small" }, why), more];
  }
  const [fields, answer, before, shortened, draws] = texts;
  const asked = fields.filter(([name]) => name === "input" || name === "scenario");
  const rest = fields.filter(([name]) => !(name === "input" || name === "scenario" || (name === "turns" && answer !== null)));
  return [
    about, scoresOf(draws), ...asked.map(field), answerOf(answer, before), ...rest.map(field),
    shortened ? element("p", { class: "small" }, "A long text was cut short.") : null, more,
  ].filter(Boolean);
}

function field([name, passages]) {
  const title = TITLES[name] ?? name.replaceAll("_", " ");
  return element("section", {}, element("h3", {}, title), ...passages.map((text) => element("div", { class: "text", dir: "auto" }, text)));
}

function answerOf(answer, before) {
  if (answer === null && before === null) return null;
  const side = (title, ...pieces) => element("section", {}, element("h3", {}, title), element("div", { class: "text", dir: "auto" }, ...pieces));
  if (before === null || answer === null) return side(answer === null ? "Answer of the baseline" : "Answer", answer ?? before);
  if (answer === before) return side("Answer, the same as in the baseline", answer);
  const pieces = differ(before, answer);
  const shown = (kind, tag) => pieces.filter(([each]) => each === "same" || each === kind).map(([each, text]) => (each === "same" ? text : element(tag, {}, text)));
  return element("div", { class: "beside" },
    side("Answer", ...(pieces ? shown("come", "ins") : [answer])),
    side(pieces ? "Answer of the baseline" : "Answer of the baseline, too different to be compared word by word", ...(pieces ? shown("gone", "del") : [before])));
}

const drawsOf = (cells) => cells.map(([state, score, success, before, then], metric) => [metric, 0, state, score, success, null, before, then, null]).filter((draw) => draw[2] !== 4);

/** The scores with their reasons; on a narrow screen the style lays each row out as a list, so rows say their roles themselves. */
function scoresOf(draws) {
  const heads = ["metric", "score", ...(run.compared ? ["baseline"] : []), "because"];
  const head = (title) => element("th", { scope: "col", role: "columnheader", class: title === "score" || title === "baseline" ? "n" : null }, title);
  return element("table", { class: "stack verdicts", role: "table" },
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...heads.map(head))),
    element("tbody", { role: "rowgroup" }, ...draws.map(drawRow)));
}

function drawRow([metric, repeat, state, score, success, reason, before, , beforeReason]) {
  const [name, threshold] = run.metrics[metric];
  const cell = (label, ...children) => element("td", { role: "cell", class: label === "because" ? null : "n", "data-label": label }, ...children);
  const mark = success === 0 ? "✗ " : success ? "✓ " : "";
  const seen = state ? element("span", { class: "lost" }, STATES[state]) : element("span", { class: success === 0 ? "score fail" : "score" }, mark + number(score));
  const known = before !== undefined;
  return element("tr", { role: "row" },
    element("th", { scope: "row", role: "rowheader" }, element("bdi", {}, name), repeat ? ` #${repeat + 1}` : "", threshold === null ? null : element("small", {}, `succeeds from ${threshold}`)),
    cell("score", seen),
    run.compared ? cell("baseline", known ? number(before) : "–", known && score !== null ? changeOf(score - before) : null) : null,
    cell("because", reason ? element("div", { dir: "auto" }, reason) : "–",
      beforeReason && beforeReason !== reason ? element("div", { class: "reason small", dir: "auto" }, "before: ", beforeReason) : null));
}

function changeOf(change) {
  if (Math.abs(change) < 0.0005) return element("small", {}, "unchanged");
  return element("small", { class: change < 0 ? "worse" : "better" }, `${change < 0 ? "▼" : "▲"} ${signed(change)}`);
}

// What the page does: it lights up what belongs together, and steps through runs. All words come from `data`, and are
// put in as text, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";
const LINE = 26; // height of a line of the chart, in pixels
const SPARE = 20; // lines drawn beyond those that are seen
const PACE = 700; // milliseconds a step while playing
const SMALLEST = 0.5; // a picture is not shrunk further unasked

const one = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function drawn(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// Names stand in backticks in what people are told.
function prose(text) {
  return text.split("`").map((part, place) => (place % 2 ? element("code", { textContent: part }) : part));
}

function link(place) {
  return element("a", { href: `#${place}`, textContent: data.places[place] ?? place });
}

// -- places: where each is shown, and what is lit -----------------------------------------------------------------------

const shown = new Map(); // place -> elements

function show(place, where) {
  if (!shown.has(place)) shown.set(place, []);
  shown.get(place).push(where);
}

function findInPictures() {
  for (const a of all(".picture a")) {
    const to = a.getAttribute("xlink:href") ?? a.getAttribute("href");
    if (!to?.startsWith("#")) continue;
    const place = to.slice(1);
    show(place, a);
    a.setAttribute("aria-label", data.places[place] ?? place);
  }
  for (const edge of all(".picture .edge")) for (const name of edge.classList) if (name.includes(":")) show(name, edge);
}

function light(name, places) {
  for (const where of all(`.${name}`)) where.classList.remove(name);
  for (const place of places) for (const where of shown.get(place) ?? []) where.classList.add(name);
}

function select() {
  const place = decodeURIComponent(location.hash.slice(1));
  const known = place in data.places;
  const touching = known ? data.touching[place] ?? [] : [];
  light("selected", known ? [place] : []);
  light("touched", touching);
  document.body.classList.toggle("selecting", known);
  const panel = one("#selection");
  panel.hidden = !known;
  if (!known) return;
  one(".name", panel).replaceChildren(data.places[place]);
  one(".touching", panel).replaceChildren(...touching.map((other) => element("li", {}, link(other))));
}

function clear() {
  history.replaceState(null, "", location.pathname + location.search);
  select();
}

// -- rows and findings --------------------------------------------------------------------------------------------------

function fillRows() {
  const heads = ["trigger", "in", "if", "handler", "sends", "then"];
  for (const table of data.rows) {
    const body = element("tbody");
    for (const row of table.rows) {
      const [first, ...rest] = row.cells;
      const line = element("tr", { title: row.at });
      line.append(element("th", { scope: "row" }, element("a", { href: `#${row.place}`, textContent: first })));
      line.append(...rest.map((text) => element("td", { textContent: text })));
      line.addEventListener("click", () => (location.hash = row.place));
      show(row.place, line);
      body.append(line);
    }
    const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col", textContent: text })));
    const caption = element("caption", {}, element("a", { href: `#${table.place}`, textContent: table.role }));
    one("#rows .tables").append(element("table", {}, caption, element("thead", {}, head), body));
  }
}

function fillFindings() {
  const list = one("#findings ol");
  if (!data.findings.length) list.replaceWith(element("p", { textContent: "Nothing was found." }));
  for (const found of data.findings) {
    const item = element("li", { className: found.severity });
    const head = element("p", { className: "head" });
    head.append(element("b", { textContent: found.code }), ` ${found.severity}, `, element("code", { textContent: found.at }));
    item.append(head, element("p", {}, ...prose(found.message)));
    for (const note of found.notes) item.append(element("p", { className: "note" }, ...prose(note)));
    if (found.help) item.append(element("p", { className: "help" }, element("b", { textContent: "help " }), ...prose(found.help)));
    if (found.typed) item.append(element("pre", { className: "typed", textContent: found.typed, tabIndex: 0 }));
    const actions = element("p", { className: "actions" });
    const run = data.runs.findIndex((each) => each.finding === found.number);
    if (run >= 0) {
      const button = element("button", { type: "button", textContent: "Show the run" });
      button.addEventListener("click", () => player.open(run, true));
      actions.append(button, " ");
    }
    for (const place of found.places) actions.append(link(place), " ");
    item.append(actions);
    const more = element("details", {}, element("summary", { textContent: found.title }));
    more.append(element("pre", { textContent: data.explanations[found.code], tabIndex: 0 }));
    item.append(more);
    list.append(item);
  }
}

// -- the size of pictures -----------------------------------------------------------------------------------------------

function zoomable(panel) {
  const picture = one(".picture", panel);
  const svg = one("svg", picture);
  const natural = svg.viewBox.baseVal.width * (4 / 3);
  const high = svg.viewBox.baseVal.height * (4 / 3);
  // All of it, in the room that there is without a scroll bar; in whole pixels, or one would come for a fraction.
  const fitting = () => {
    const { width } = picture.getBoundingClientRect();
    const height = parseFloat(getComputedStyle(picture).maxHeight) - 1;
    return Math.floor(natural * Math.min(1, width / natural, height / high)) / natural;
  };
  let scale = Math.max(SMALLEST, fitting());
  const resize = (to) => {
    scale = Math.min(4, Math.max(0.1, to));
    svg.style.width = `${natural * scale}px`;
  };
  for (const [text, label, change] of [
    ["−", "smaller", () => resize(scale / 1.25)],
    ["fit", "fit to the panel", () => resize(fitting())],
    ["+", "larger", () => resize(scale * 1.25)],
  ]) {
    const button = element("button", { type: "button", textContent: text, title: label });
    button.setAttribute("aria-label", label);
    button.addEventListener("click", change);
    one(".zoom", panel).append(button);
  }
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  resize(scale);
}

// -- who is where: a count on each state --------------------------------------------------------------------------------

class Tokens {
  constructor() {
    this.at = new Map();
    for (const [place, elements] of shown) {
      if (!place.startsWith("state:")) continue;
      const node = elements.find((each) => each.closest("#machines"));
      if (!node) continue;
      const box = node.getBBox();
      const token = drawn("g", { class: "token", visibility: "hidden" });
      token.append(drawn("circle", { cx: box.x + box.width, cy: box.y, r: 8 }));
      token.append(drawn("text", { x: box.x + box.width, y: box.y + 3, "text-anchor": "middle", "font-size": 9 }));
      node.parentNode.append(token);
      this.at.set(place, token);
    }
  }

  set(counts) {
    for (const [place, token] of this.at) {
      const count = counts.get(place) ?? 0;
      token.setAttribute("visibility", count ? "visible" : "hidden");
      token.lastChild.textContent = count ? String(count) : "";
    }
  }
}

// -- the sequence chart: only what is seen is drawn ---------------------------------------------------------------------

class Chart {
  constructor(run, go) {
    this.run = run;
    this.go = go;
    this.done = 0;
    const longest = Math.max(0, ...run.events.map((event) => (event[0] === "note" ? event[3].length : 0)));
    this.frame = one("#player .chart");
    const room = (this.frame.clientWidth - 20) / run.lifelines.length;
    this.gap = Math.max(150, Math.min(340, 6.4 * longest + 24), Math.min(420, room));
    this.width = this.gap * run.lifelines.length + 20;
    this.sheet = element("div", { className: "sheet" });
    this.sheet.style.height = `${(run.events.length + 1) * LINE}px`;
    this.sheet.style.width = `${this.width}px`;
    this.heads = drawn("svg", { class: "heads", width: this.width, height: LINE, "aria-hidden": "true" });
    run.lifelines.forEach((name, place) => this.heads.append(drawn("text", { x: this.x(place), y: 17 }, name)));
    this.body = drawn("svg", { class: "body", width: this.width, role: "img", "aria-label": "The events around this step" });
    this.sheet.append(this.body);
    this.frame.replaceChildren(this.heads, this.sheet);
    this.frame.onscroll = () => this.draw();
    // The first event of each step that has one, else the last event before it.
    this.first = new Int32Array(run.steps.length).fill(-1);
    run.events.forEach((event, place) => {
      if (event[1] >= 0 && this.first[event[1]] < 0) this.first[event[1]] = place;
      if (event[0] === "arrow" && event[6] >= 0 && this.first[event[6]] < 0) this.first[event[6]] = place;
    });
    for (let step = 1; step < this.first.length; step++) if (this.first[step] < 0) this.first[step] = this.first[step - 1];
  }

  x(lifeline) {
    return 10 + this.gap * lifeline;
  }

  show(done) {
    this.done = done;
    const top = done ? Math.max(0, this.first[done - 1]) * LINE : 0;
    const { scrollTop, clientHeight } = this.frame;
    if (top < scrollTop || top > scrollTop + clientHeight - 3 * LINE) this.frame.scrollTop = top - clientHeight / 2;
    this.draw();
  }

  draw() {
    const { events, lifelines } = this.run;
    const from = Math.max(0, Math.floor(this.frame.scrollTop / LINE) - SPARE);
    const to = Math.min(events.length, Math.ceil((this.frame.scrollTop + this.frame.clientHeight) / LINE) + SPARE);
    const height = Math.max(1, to - from) * LINE;
    this.body.setAttribute("height", height);
    this.body.style.top = `${from * LINE}px`;
    const parts = lifelines.map((_, place) => drawn("line", { class: "lifeline", x1: this.x(place), x2: this.x(place), y1: 0, y2: height }));
    for (let place = from; place < to; place++) parts.push(this.event(events[place], (place - from + 0.5) * LINE));
    this.body.replaceChildren(...parts);
  }

  event(event, y) {
    const [kind, step] = event;
    const now = this.done > 0 && (step === this.done - 1 || (kind === "arrow" && event[6] === this.done - 1));
    const when = now ? "now" : step < this.done ? "done" : "to-come";
    const group = drawn("g", { class: `${kind} ${when}` });
    if (kind === "note") {
      const [, , lifeline, text, mark] = event;
      const sign = { timer: "○ ", crash: "■ ", dropped: "▽ ", bad: "! " }[mark] ?? "";
      if (mark) group.classList.add(mark);
      group.append(drawn("circle", { cx: this.x(lifeline), cy: y, r: 3.5 }));
      group.append(drawn("text", { x: this.x(lifeline) + 9, y: y + 4 }, sign + text));
    } else if (kind === "arrow") {
      this.arrow(group, event, y);
    } else {
      group.append(drawn("line", { x1: 0, x2: this.width, y1: y, y2: y }));
      group.append(drawn("text", { x: this.x(0) + this.gap / 2, y: y + 4, "text-anchor": "middle" }, event[2]));
    }
    if (step >= 0) group.addEventListener("click", () => this.go(step + 1));
    return group;
  }

  arrow(group, [, step, source, dest, text, lost, ends], y) {
    const sent = step < this.done;
    const gone = lost && (!sent || ends < this.done);
    const flying = !gone && sent && (ends < 0 || ends >= this.done);
    if (gone) group.classList.add("lost");
    if (flying) group.classList.add("flying");
    const [a, b] = [this.x(source), this.x(dest)];
    if (source === dest) {
      group.append(drawn("path", { d: `M${a},${y - 5} h16 v10 h-14`, fill: "none" }));
      group.append(drawn("text", { x: a + 21, y: y + 4 }, text));
      return;
    }
    const side = Math.sign(b - a);
    const end = gone ? b - side * 24 : b;
    group.append(drawn("line", { x1: a, x2: end - side * 2, y1: y + 4, y2: y + 4 }));
    if (gone) group.append(drawn("text", { x: end, y: y + 8, "text-anchor": "middle" }, "✗"));
    else group.append(drawn("path", { class: "tip", d: `M${end},${y + 4} l${-side * 9},-4 v8 z` }));
    group.append(drawn("text", { x: (a + end) / 2, y, "text-anchor": "middle" }, text));
  }
}

// -- the player ---------------------------------------------------------------------------------------------------------

class Player {
  constructor() {
    this.panel = one("#player");
    this.choice = one("select", this.panel);
    this.slider = one("input", this.panel);
    this.done = 0; // steps that have been taken
    this.timer = 0;
    data.runs.forEach((run, place) => this.choice.append(element("option", { value: place, textContent: run.title })));
    this.choice.addEventListener("change", () => this.open(Number(this.choice.value)));
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    for (const button of all("[data-go]", this.panel)) button.addEventListener("click", () => this.press(button.dataset.go));
    document.addEventListener("keydown", (event) => this.key(event));
  }

  open(place, scroll = false) {
    this.pause();
    this.panel.hidden = false;
    this.run = data.runs[place];
    this.choice.value = place;
    this.slider.max = this.run.steps.length;
    this.tokens ??= new Tokens();
    this.chart = new Chart(this.run, (step) => this.go(step));
    this.go(0);
    if (scroll) this.panel.scrollIntoView({ block: "nearest" });
  }

  press(name) {
    if (name === "play") return this.timer ? this.pause() : this.play();
    this.pause();
    const ends = { first: 0, last: this.run.steps.length, back: this.done - 1, on: this.done + 1 };
    return this.go(ends[name]);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return clear();
    if (!this.run || event.target.matches("input, select, textarea")) return;
    const name = { ArrowLeft: "back", ArrowRight: "on", Home: "first", End: "last", " ": "play" }[event.key];
    if (!name || (name === "play" && event.target.matches("button, a, summary"))) return;
    event.preventDefault();
    this.press(name);
  }

  play() {
    if (this.done >= this.run.steps.length) this.go(0);
    this.timer = setInterval(() => (this.done < this.run.steps.length ? this.go(this.done + 1) : this.pause()), PACE);
    this.told();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = 0;
    this.told();
  }

  told() {
    const button = one('[data-go="play"]', this.panel);
    one("path", button).setAttribute("d", this.timer ? "M3 2h4v12H3zM9 2h4v12H9z" : "M4 2v12l9-6z");
    button.setAttribute("aria-label", this.timer ? "Pause (space)" : "Play (space)");
  }

  go(step) {
    const { steps, begin, roles } = this.run;
    this.done = Math.min(steps.length, Math.max(0, step));
    const where = {};
    for (let place = 0; place < this.done; place++) where[steps[place][0]] = steps[place][1];
    const counts = new Map();
    const add = (role, state, number) => {
      const place = `state:${role}:${state}`;
      counts.set(place, (counts.get(place) ?? 0) + number);
    };
    for (const [role, [state, number]] of Object.entries(begin)) add(role, state, number);
    for (const [who, state] of Object.entries(where)) {
      add(roles[who], begin[roles[who]][0], -1);
      add(roles[who], state, 1);
    }
    this.tokens.set(counts);
    const [, , row, message, sentence, bad, time] = this.done ? steps[this.done - 1] : ["", "", "", "", "Before the first step.", false, null];
    light("now", [row, message].filter(Boolean));
    const told = one(".sentence", this.panel);
    told.textContent = sentence;
    told.classList.toggle("bad", bad);
    this.slider.value = this.done;
    this.slider.setAttribute("aria-valuetext", `step ${this.done} of ${steps.length}`);
    one("output", this.panel).textContent = `${this.done} / ${steps.length}${time === null ? "" : `, ${time.toFixed(2)} s`}`;
    this.chart.show(this.done);
  }
}

findInPictures();
fillRows();
all(".panel").filter((panel) => one(".picture", panel)).forEach(zoomable);
const player = new Player();
fillFindings();
addEventListener("hashchange", select);
one("#selection .clear").addEventListener("click", clear);
select();
if (data.runs.length) player.open(0);

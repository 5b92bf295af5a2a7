// What a reader does: moves, zooms, chooses, filters.

const at = (id) => document.getElementById(id);
const view = at("view");
const HEADS = 40;
const scale = new Scale(momentsOf(run), run.elapsed);
const lanes = new Lanes(run.users);
const isPing = ({ words }) => words.length > 0 && words.every((frame) => frame === "PING" || frame === "PONG");
const shows = (flight) => (at("pings").checked || !isPing(flight)) && (at("signals").checked || !flight.signal);
const drawing = new Drawing(at("drawing"), scale, lanes, shows);
/** All that can be chosen, in the order of time. */
const things = [...run.flights.map((flight) => ({ flight, time: flight.sent })), ...moments.map((moment) => ({ moment, time: moment.at }))]
  .sort((a, b) => a.time - b.time);
let chosen = null;
let drawn = { top: 0, bottom: -1 };

/** The tags of lines and the connections that complaints name. */
const named = new Set(run.violations.flatMap(({ what }) => what.match(/\bu\d+\.\d+\b/g) ?? []));
if (named.size) drawing.touched = ({ words }) => words.some((frame) => [...named].some((tag) => frame.includes(`"${tag}"`)));

function redraw() {
  const height = view.clientHeight;
  drawn = { top: Math.max(view.scrollTop - height, -20), bottom: view.scrollTop + 2 * height };
  at("drawing").style.top = `${drawn.top + HEADS + 20}px`;
  drawing.draw(drawn.top, drawn.bottom, view.scrollLeft);
  highlight();
  overview();
}

function layout() {
  lanes.layout(view.clientWidth);
  at("world").style.width = `${lanes.width}px`;
  at("world").style.height = `${scale.height + HEADS + 60}px`;
  const head = (user, { x, w }, name, small) => {
    const box = document.createElement("div");
    const wide = user === null ? 0 : 28;
    box.style = `left:${x - wide / 2}px;width:${w + wide}px;--hue:${hue(user)}`;
    const [bold, below] = [document.createElement("b"), document.createElement("small")];
    [bold.textContent, below.textContent] = [name, small];
    box.append(bold, below);
    box.title = user === null ? "the server" : run.users[user].words;
    return box;
  };
  const heads = run.users.flatMap((user, index) => {
    const small = `u${index}, host ${user.host}${user.classic ? ", classic" : ""}`;
    return lanes.columns[index] ? [head(index, lanes.columns[index], user.name, small)] : [];
  });
  at("heads").replaceChildren(head(null, lanes.server, "server", ""), ...heads);
  redraw();
}

/** Another zoom, while the time at a height of the window stays where it is. */
function zoomTo(zoom, anchor = view.clientHeight / 2) {
  const time = scale.time(view.scrollTop + anchor - HEADS - 20);
  const least = Math.min(1, (view.clientHeight - HEADS - 60) / scale.base);
  scale.zoom = Math.min(Math.max(zoom, least), 64, HEIGHT_MAX / scale.base);
  at("world").style.height = `${scale.height + HEADS + 60}px`;
  view.scrollTop = scale.y(time) + HEADS + 20 - anchor;
  redraw();
}

function goTo(time) {
  view.scrollTop = scale.y(time) + HEADS + 20 - view.clientHeight / 2;
  redraw();
}

function overview() {
  const canvas = at("overview");
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const dots = devicePixelRatio;
  Object.assign(canvas, { width: width * dots, height: height * dots });
  const brush = canvas.getContext("2d");
  brush.scale(dots, dots);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
  const y = (time) => (scale.y(time) / scale.height) * height;
  const strip = width / (run.users.length + 1);
  const tints = { partition: "--bad", "one-way-up": "--bad", "one-way-down": "--bad", hold: "--hold", dark: "--soft", deaf: "--soft", down: "--ink" };
  brush.globalAlpha = 0.35;
  for (const { user, kind, from, to } of run.bands) {
    if (!tints[kind]) continue;
    brush.fillStyle = colour(tints[kind]);
    brush.fillRect((user === null ? 0 : user + 1) * strip, y(from), strip, Math.max(1, y(to) - y(from)));
  }
  brush.globalAlpha = Math.max(0.08, Math.min(0.8, (2 * height) / run.flights.length));
  for (const [user] of run.users.entries()) {
    brush.fillStyle = colour(`--u${user % 9}`);
    for (const flight of run.flights) if (flight.user === user && shows(flight)) brush.fillRect((user + 1) * strip + 1, y(flight.sent), strip - 2, 1);
  }
  brush.globalAlpha = 1;
  brush.fillStyle = colour("--bad");
  for (const { at } of run.violations) brush.fillRect(0, y(at) - 1, width, 3);
  brush.strokeStyle = colour("--ink");
  const top = ((view.scrollTop - HEADS - 20) / scale.height) * height;
  const window = Math.max(3, ((view.clientHeight - HEADS) / scale.height) * height);
  brush.strokeRect(0.5, Math.max(0.5, top), width - 1, Math.min(window, height - 1));
}

/** The thing under a point of the window. */
function under(x, y) {
  const box = view.getBoundingClientRect();
  const [px, py] = [x - box.left + view.scrollLeft, y - box.top + view.scrollTop - HEADS - 20];
  if (y - box.top < HEADS) return null;
  for (const { moment, pillar, y: height } of drawing.marks) {
    if (px >= pillar.x && px <= pillar.x + pillar.w && Math.abs(py - height) < 7) return things.find((thing) => thing.moment === moment);
  }
  let [nearest, least] = [null, 8];
  for (const { flight, points } of drawing.seen) {
    const far = Math.min(...points.slice(1).map((point, index) => distance([px, py], points[index], point)));
    if (far < least) [nearest, least] = [flight, far];
  }
  return nearest && things.find((thing) => thing.flight === nearest);
}

function distance([x, y], [x0, y0], [x1, y1]) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const part = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - x0 - part * dx, y - y0 - part * dy);
}

/** What there is to say of a thing: facts, and words a line each. */
function tell({ flight, moment }) {
  const name = (user) => (user === null ? "server" : run.users[user].name);
  if (moment) return [`${milliseconds(moment.at)}, ${name(moment.user)}`, moment.words];
  const { user, conn, up, other, sent, left, came, held, bytes, words } = flight;
  const fate = came === undefined ? (held ? "held at the end of the run" : "lost") : `${milliseconds(came)}`;
  const facts = [
    `${milliseconds(sent)} → ${fate}`,
    up ? `${name(user)} → server` : `server → ${name(user)}`,
    `connection ${conn}`,
    other && "of another program with this device",
    left !== undefined && `held until ${milliseconds(left)}`,
    came > run.elapsed && "on its way at the end of the run",
    bytes > 0 && `${bytes} bytes`,
  ];
  return [facts.filter(Boolean).join(", "), words];
}

function fill(box, thing) {
  const [facts, words] = tell(thing);
  const head = document.createElement("div");
  head.className = "facts";
  head.textContent = facts;
  const list = document.createElement("ul");
  list.className = "frames";
  for (const frame of words) list.appendChild(document.createElement("li")).textContent = frame;
  box.replaceChildren(head, list);
}

function highlight() {
  document.querySelectorAll(".picked").forEach((old) => old.remove());
  if (!chosen) return;
  const arrow = drawing.seen.find(({ flight }) => flight === chosen.flight);
  const mark = drawing.marks.find(({ moment }) => moment === chosen.moment);
  if (arrow) at("drawing").append(element("path", { class: "picked", d: pathOf(arrow.points) }));
  else if (mark) at("drawing").append(element("path", { class: "picked", d: `M${mark.pillar.x} ${mark.y}h${mark.pillar.w}` }));
}

function choose(thing) {
  chosen = thing;
  if (thing) fill(at("chosen"), thing);
  highlight();
}

const isShown = ({ flight, moment }) => (flight ? lanes.columns[flight.user] && shows(flight) : lanes.pillar(moment.user)) && (!sought || seeks({ flight, moment }));

/** Chooses the next thing, or the one before, and brings it into the window. */
function walk(step) {
  const middle = scale.time(view.scrollTop + view.clientHeight / 2 - HEADS - 20);
  let next = chosen ? things.indexOf(chosen) + step : things.findIndex(({ time }) => time >= middle);
  while (things[next] && !isShown(things[next])) next += step;
  if (!things[next]) return;
  choose(things[next]);
  bring(things[next]);
}

function bring({ flight, moment, time }) {
  const y = scale.y(time) + HEADS + 20;
  if (y < view.scrollTop + HEADS + 30 || y > view.scrollTop + view.clientHeight - 40) goTo(time);
  const pillar = lanes.pillar((flight ?? moment).user);
  if (pillar.x < view.scrollLeft + AXIS) view.scrollLeft = pillar.x - AXIS;
  if (pillar.x + pillar.w > view.scrollLeft + view.clientWidth) view.scrollLeft = pillar.x + pillar.w - view.clientWidth;
}

let complaint = -1;
function complain(index) {
  if (!run.violations.length) return;
  complaint = index % run.violations.length;
  goTo(run.violations[complaint].at);
}

let sought = "";
const seeks = ({ flight, moment }) => (flight ?? moment).words.some((frame) => frame.toLowerCase().includes(sought));
function seek(text) {
  sought = text.trim().toLowerCase();
  drawing.sought = sought ? (flight) => seeks({ flight }) : null;
  redraw();
}

const keys = {
  "+": () => zoomTo(scale.zoom * 1.4), "=": () => zoomTo(scale.zoom * 1.4), "-": () => zoomTo(scale.zoom / 1.4), "−": () => zoomTo(scale.zoom / 1.4),
  0: () => zoomTo(0), 1: () => zoomTo(1), j: () => walk(1), k: () => walk(-1), v: () => complain(complaint + 1),
  "]": () => widen(1.25), "[": () => widen(0.8), Escape: () => choose(null),
};

function widen(by) {
  lanes.factor = Math.min(3, Math.max(0.4, lanes.factor * by));
  layout();
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
  if (keys[event.key]) {
    keys[event.key]();
    event.preventDefault();
  }
});
const buttons = { nearer: "+", farther: "-", whole: "0", plain: "1", wider: "]", narrower: "[", before: "k", after: "j" };
for (const [id, key] of Object.entries(buttons)) at(id).addEventListener("click", () => keys[key]());
at("violations").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button) complain(Number(button.dataset.violation));
});
at("time").addEventListener("change", ({ target }) => {
  const middle = scale.time(view.scrollTop + view.clientHeight / 2 - HEADS - 20);
  scale.even = target.value === "even";
  goTo(middle);
});
for (const id of ["pings", "signals"]) at(id).addEventListener("change", redraw);
at("find").addEventListener("input", ({ target }) => seek(target.value));
at("find").addEventListener("keydown", (event) => { if (event.key === "Enter") walk(event.shiftKey ? -1 : 1); });
for (const [index, user] of run.users.entries()) {
  const [label, box, name] = [document.createElement("label"), document.createElement("input"), document.createElement("b")];
  Object.assign(box, { type: "checkbox", checked: true });
  name.textContent = user.name;
  name.style = `--hue:${hue(index)}`;
  label.append(box, " ", name);
  box.addEventListener("change", () => { lanes.shown[index] = box.checked; layout(); });
  at("users").append(label);
}

view.addEventListener("wheel", (event) => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  zoomTo(scale.zoom * Math.exp(-event.deltaY / 300), event.clientY - view.getBoundingClientRect().top);
}, { passive: false });
view.addEventListener("scroll", () => {
  drawing.axis.setAttribute("transform", `translate(${view.scrollLeft} 0)`);
  const height = view.clientHeight;
  if (view.scrollTop - height / 2 < drawn.top && drawn.top > -20 || view.scrollTop + 1.5 * height > drawn.bottom) redraw();
  else overview();
});

let drag = null;
view.addEventListener("pointerdown", (event) => {
  if (event.button === 0 && event.pointerType === "mouse" && event.target !== view) drag = { x: event.clientX, y: event.clientY, left: view.scrollLeft, top: view.scrollTop, moved: false };
});
addEventListener("pointermove", (event) => {
  if (drag) {
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    if (drag.moved ||= Math.hypot(dx, dy) > 4) {
      view.classList.add("drags");
      view.scrollTo(drag.left - dx, drag.top - dy);
    }
    return;
  }
  point(event);
});
addEventListener("pointerup", (event) => {
  view.classList.remove("drags");
  if (drag && !drag.moved) choose(under(event.clientX, event.clientY) ?? chosen);
  drag = null;
});

/** Shows what is under the pointer. */
function point({ target, clientX, clientY }) {
  const thing = view.contains(target) ? under(clientX, clientY) : null;
  const tip = at("tip");
  tip.hidden = !thing;
  if (!thing) return;
  fill(tip, thing);
  const box = at("stage").getBoundingClientRect();
  const [x, y] = [clientX - box.left, clientY - box.top];
  tip.style.left = `${Math.max(4, Math.min(x + 14, box.width - tip.offsetWidth - 6))}px`;
  tip.style.top = `${y + 18 + tip.offsetHeight > box.height ? y - tip.offsetHeight - 10 : y + 18}px`;
}

at("overview").addEventListener("pointerdown", (event) => {
  const canvas = at("overview");
  const go = ({ clientY }) => {
    const part = (clientY - canvas.getBoundingClientRect().top) / canvas.clientHeight;
    view.scrollTop = part * scale.height + HEADS + 20 - view.clientHeight / 2;
  };
  canvas.setPointerCapture(event.pointerId);
  canvas.onpointermove = go;
  canvas.onpointerup = () => { canvas.onpointermove = null; };
  go(event);
});

const samples = [
  ["arrow", "M2 4L34 12", "a segment on its way, with the frames that end in it"], ["arrow part", "M2 4L34 12", "a piece of a frame"],
  ["arrow signal", "M2 4L34 12", "connection asked for, open, ended"], ["arrow lost", "M2 4L22 10", "lost", "cross", crossAt([26, 10])],
  ["arrow", "M2 2L12 3L12 11L34 14", "held on its way"],
  ["band partition", 1, "partition"], ["band one-way-up", 1, "one way blocked"], ["band hold", 1, "hold"],
  ["band dark", 1, "dark: says and reads nothing"], ["band deaf", 1, "deaf: reads nothing"], ["band pause", 1, "writes no delivery"], ["band usurp", 1, "another program has its device"],
  ["band down", 1, "server down"], ["pillar runs", 1, "the program runs"], ["online", "M18 1V15", "connected, as it knows"],
];
for (const [kind, shape, words, second, path] of samples) {
  const svg = element("svg", { width: 36, height: 16 });
  svg.style.setProperty("--hue", "var(--u0)");
  svg.append(shape === 1 ? element("rect", { class: kind, x: 1, y: 1, width: 34, height: 14 }) : element("path", { class: kind, d: shape }));
  if (second) svg.append(element("path", { class: second, d: path }));
  at("legend").querySelector("ul").appendChild(document.createElement("li")).append(svg, words);
}

new ResizeObserver(layout).observe(view);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
layout();
if (run.violations.length) complain(0);

// Draws what lies in the window and a window's height above and below it.

const SVG = "http://www.w3.org/2000/svg";
/** With more arrows than that in sight they have no words and no heads. */
const MANY = 3000;
const LINE = 12;

function element(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

const measure = document.createElement("canvas").getContext("2d");
const FONT = '11px system-ui, "Segoe UI", "DejaVu Sans", sans-serif';
measure.font = FONT;

const widths = new Map();

function widthOf(text) {
  const key = measure.font + text;
  if (!widths.has(key)) widths.set(key, measure.measureText(text).width);
  return widths.get(key);
}

/** As much of a text as fits into a width. */
function fit(text, width) {
  const whole = widthOf(text);
  if (whole <= width) return text;
  const letters = Math.floor((text.length * (width - 8)) / whole);
  return letters < 2 ? "" : text.slice(0, letters).trimEnd() + "…";
}

/** The words of an arrow without what its place tells already. */
function shortWords({ words }) {
  const short = (frame) => frame.replace(/ \(\d+ bytes\)/, "").replace(/ number=\S+/, "").replace(" id=", " #").replace("->", "→").replaceAll('"', "");
  return words.map(short).join(" · ");
}

/** No frame ends in it. */
const isPart = ({ words }) => words.length === 1 && words[0].startsWith("(");

/** Each lane's places for words. */
class Places {
  constructor() { this.taken = new Set(); }

  /** Takes a place a line high, if it is free. */
  take(lane, y) {
    const third = Math.round((3 * y) / LINE);
    for (let near = third - 2; near <= third + 2; near++) if (this.taken.has(`${lane} ${near}`)) return false;
    this.taken.add(`${lane} ${third}`);
    return true;
  }
}

/** The points of an arrow: from its sender, round the place where it was held, to its end. */
function course(flight, column, port, scale) {
  const [from, to] = flight.up ? [column.edge, port] : [port, column.edge];
  const ahead = Math.sign(to - from);
  const sent = scale.y(flight.sent);
  if (flight.came === undefined && !flight.held) {
    const middle = column.edge + column.side * column.gap * 0.5;
    return [[from, sent], [middle, sent + 6]];
  }
  const points = [[from, sent]];
  if (flight.left !== undefined || flight.held) {
    const bend = from + ahead * Math.min(26, column.gap / 4);
    points.push([bend, sent + 3], [bend, scale.y(flight.left ?? run.elapsed)]);
  }
  if (!flight.held) points.push([to, scale.y(flight.came)]);
  return points;
}

const pathOf = (points) => "M" + points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");

function headOf(points) {
  const [[x0, y0], [x, y]] = points.slice(-2);
  const angle = Math.atan2(y - y0, x - x0);
  const corner = (turn) => `${(x - 8 * Math.cos(angle + turn)).toFixed(1)} ${(y - 8 * Math.sin(angle + turn)).toFixed(1)}`;
  return `M${x.toFixed(1)} ${y.toFixed(1)}L${corner(0.4)}L${corner(-0.4)}Z`;
}

const crossAt = ([x, y]) => `M${x - 4} ${y - 4}l8 8m0 -8l-8 8`;

class Drawing {
  constructor(svg, scale, lanes, shows) {
    Object.assign(this, { svg, scale, lanes, shows, seen: [], marks: [] });
  }

  /** Draws all between two heights, for a window that is so wide and has moved so far sideways. */
  draw(top, bottom, scrolled, wide) {
    const { svg, lanes } = this;
    Object.assign(this, { top, bottom, wide });
    svg.setAttribute("width", lanes.width);
    svg.setAttribute("height", bottom - top);
    svg.setAttribute("viewBox", `0 ${top} ${lanes.width} ${bottom - top}`);
    const layers = [this.patterns(), this.tickLines(), this.linkBands(), this.arrows(), this.pillars(), this.moments()];
    this.axis = this.ticks();
    this.flags = element("g");
    svg.replaceChildren(...layers, this.labels, this.complaints(), this.flags, this.axis);
    this.slide(scrolled);
  }

  /** Times and complaints stay in sight when the lanes move sideways. */
  slide(scrolled) {
    for (const group of [this.axis, this.flags]) group.setAttribute("transform", `translate(${scrolled} 0)`);
  }

  inSight(from, to) { return to >= this.top && from <= this.bottom; }

  patterns() {
    const pattern = (id, size, ...parts) => {
      const made = element("pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse" });
      made.append(...parts.map(([name, attributes]) => element(name, attributes)));
      return made;
    };
    const ground = (tint, size) => ["rect", { class: `tint-${tint}`, width: size, height: size }];
    const defs = element("defs");
    defs.append(
      pattern("partition", 8, ground("bad", 8), ["path", { class: "stroke-bad", d: "M0 8L8 0" }], ["path", { class: "stroke-bad", d: "M0 0L8 8" }]),
      pattern("one-way", 8, ground("bad", 8), ["path", { class: "stroke-bad", d: "M0 8L8 0" }]),
      pattern("hold", 8, ground("hold", 8), ["path", { class: "stroke-hold", d: "M0 4H8" }]),
      pattern("dark", 6, ground("soft", 6), ["path", { class: "stroke-soft", d: "M0 6L6 0M0 0L6 6" }]),
      pattern("deaf", 6, ground("soft", 6), ["path", { class: "stroke-soft", d: "M0 3H6" }]),
      pattern("pause", 6, ["path", { class: "stroke-soft", d: "M3 0V6" }]),
      pattern("down", 7, ground("soft", 7), ["path", { class: "stroke-soft", d: "M0 7L7 0" }]),
    );
    return defs;
  }

  tickLines() {
    const group = element("g");
    for (const { y } of this.scale.ticks(this.top, this.bottom, 44)) {
      group.append(element("line", { class: "tick-line", x1: AXIS, x2: this.lanes.width, y1: y, y2: y }));
    }
    return group;
  }

  ticks() {
    const group = element("g");
    group.append(element("rect", { class: "axis", x: 0, y: this.top, width: AXIS - 6, height: this.bottom - this.top }));
    for (const { time, y } of this.scale.ticks(this.top, this.bottom, 44)) {
      group.append(element("text", { class: "tick", x: AXIS - 10, y: y + 4 }, (time / 1e6).toFixed(3) + " s"));
    }
    return group;
  }

  bands(kinds, place) {
    const group = element("g");
    for (const band of run.bands) {
      const pillar = this.lanes.pillar(band.user);
      if (!pillar || !kinds.includes(band.kind)) continue;
      const [from, to] = [this.scale.y(band.from), this.scale.y(band.to)];
      if (!this.inSight(from, to)) continue;
      const [x0, x1] = place(pillar);
      const height = Math.max(to - from, 2);
      group.append(element("rect", { class: `band ${band.kind}`, x: x0, y: from, width: x1 - x0, height }));
      this.bandWords(group, band, from, from + height, x0, x1, pillar.side);
    }
    return group;
  }

  /** A long band says again and again what it is. */
  bandWords(group, band, from, to, x0, x1, side) {
    for (let y = from + LINE; y < to + LINE - 4 && to - from >= LINE; y += 360) {
      if (!this.inSight(y - LINE, y)) continue;
      const words = fit(band.words, x1 - x0 - 8);
      const place = side > 0 ? { x: x1 - 4, "text-anchor": "end" } : { x: x0 + 4 };
      group.append(element("text", { class: "band-words label", ...place, y }, words));
    }
  }

  linkBands() {
    return this.bands(["partition", "one-way-up", "one-way-down", "hold"], (pillar) => this.lanes.gap(pillar));
  }

  pillars() {
    const group = element("g");
    const { top, bottom } = this;
    const ends = [Math.max(top, 0), Math.min(bottom, this.scale.height)];
    const rectangle = (kind, user, { x, w }, y0, y1) =>
      group.append(element("rect", { class: `pillar ${kind}`, style: `--hue:${hue(user)}`, x, y: y0, width: w, height: Math.max(y1 - y0, 0) }));
    for (const user of [null, ...run.users.keys()]) {
      const pillar = this.lanes.pillar(user);
      if (pillar) rectangle("away", user, pillar, ...ends);
    }
    for (const { user, kind, from, to } of run.bands) {
      const pillar = this.lanes.pillar(user);
      const [y0, y1] = [Math.max(this.scale.y(from), top), Math.min(this.scale.y(to), bottom)];
      if (!pillar || y1 < y0) continue;
      if (kind === "runs") rectangle("runs", user, pillar, y0, y1);
      if (kind === "online") group.append(element("line", { class: "online", style: `--hue:${hue(user)}`, x1: pillar.edge, x2: pillar.edge, y1: y0, y2: y1 }));
    }
    group.append(this.bands(["dark", "deaf", "pause", "usurp", "down"], ({ x, w }) => [x, x + w]));
    return group;
  }

  arrows() {
    this.seen = [];
    for (const flight of run.flights) {
      const column = this.lanes.columns[flight.user];
      if (!column || !this.shows(flight)) continue;
      const last = flight.held ? run.elapsed : flight.came ?? flight.sent;
      if (!this.inSight(this.scale.y(flight.sent), this.scale.y(last) + 8)) continue;
      this.seen.push({ flight, column, points: course(flight, column, this.lanes.port(column), this.scale) });
    }
    this.many = this.seen.length > MANY;
    const paths = new Map();
    const add = (kind, user, path) => {
      const key = `${kind}|${user}`;
      paths.set(key, (paths.get(key) ?? "") + path);
    };
    for (const { flight, points } of this.seen) this.arrow(flight, points, add);
    const group = element("g");
    for (const [key, d] of paths) {
      const [kind, user] = key.split("|");
      group.append(element("path", { class: kind, style: `--hue:${hue(Number(user))}`, d }));
    }
    this.labels = this.many ? element("g") : this.arrowWords();
    return group;
  }

  arrow(flight, points, add) {
    const { user, held, signal, came } = flight;
    const lost = came === undefined && !held;
    const part = isPart(flight);
    const kind = ["arrow", signal && "signal", lost && "lost", part && "part", this.many && "many"].filter(Boolean);
    add(kind.join(" "), user, pathOf(points));
    if (this.sought?.(flight)) add("sought", user, pathOf(points));
    if (this.touched?.(flight)) add("touched", user, pathOf(points));
    if (lost) add("cross", user, crossAt(points.at(-1)));
    else if (!this.many && !held) add("point", user, headOf(points));
    if (held) add("stop", user, crossAt(points.at(-1)));
  }

  /** Words at each user's end of its arrows, as long as there is room; frames before what has no bytes. */
  arrowWords() {
    const group = element("g");
    const places = new Places();
    const rank = ({ flight }) => (flight.signal || isPart(flight) ? 1 : 0);
    for (const { flight, column, points } of [...this.seen].sort((one, other) => rank(one) - rank(other))) {
      const [x0, y0] = flight.up ? points[0] : points.at(-1);
      const [x1, y1] = flight.up ? points[1] : points.at(-2);
      const slope = (y1 - y0) / (x1 - x0 || 1);
      const y = y0 + Math.max(-14, Math.min(14, slope * column.side * 40)) - 3;
      if (column.gap < WORDS || !places.take(flight.user, y)) continue;
      const other = flight.other ? "(other) " : "";
      const words = fit(other + shortWords(flight), column.gap - 16);
      group.append(element("text", { class: "label", x: column.edge + column.side * 9, y, "text-anchor": column.side > 0 ? "start" : "end" }, words));
    }
    return group;
  }

  /** What happened at one place and time stands together in its pillar. */
  moments() {
    const group = element("g");
    const places = new Places();
    this.marks = [];
    for (const moment of moments) {
      const pillar = this.lanes.pillar(moment.user);
      const y = this.scale.y(moment.at);
      if (!pillar || !this.inSight(y - LINE, y + LINE)) continue;
      this.marks.push({ moment, pillar, y });
      group.append(element("circle", { class: `dot ${moment.kind}`, cx: pillar.x + 6, cy: y, r: 3 }));
      if (pillar.w < WORDS || !places.take(moment.user, y)) continue;
      const bold = moment.kind === "bad" || moment.kind === "life";
      const words = fit(moment.words.join(", "), (pillar.w - 16) * (bold ? 0.9 : 1));
      group.append(element("text", { class: `mark ${moment.kind}`, x: pillar.x + 12, y: y + 4 }, words));
    }
    return group;
  }

  complaints() {
    const group = element("g");
    const across = (kind, time) => {
      const y = this.scale.y(time);
      if (this.inSight(y, y)) group.append(element("line", { class: kind, x1: AXIS - 6, x2: this.lanes.width, y1: y, y2: y }));
      return y;
    };
    if (run.healed !== null) {
      const y = across("healed", run.healed);
      this.flags.append(element("text", { class: "healed-words label", x: this.wide - 8, y: y - 5, "text-anchor": "end" }, "everything heals"));
    }
    measure.font = `600 ${FONT}`;
    let last = -Infinity;
    for (const { rule, at, what } of run.violations) {
      const y = Math.max(across("complaint", at), last + 17);
      last = y;
      const words = fit(`${rule}: ${what}`, Math.min(this.wide - AXIS - 24, 460));
      const width = widthOf(words) + 14;
      this.flags.append(element("rect", { class: "complaint-flag", x: AXIS, y: y - 16, width, height: 16, rx: 3 }));
      this.flags.append(element("text", { class: "complaint-words", x: AXIS + 6, y: y - 4 }, words));
    }
    measure.font = FONT;
    return group;
  }
}

/** Marks of one place and time, as one. */
function gather(marks) {
  const gathered = new Map();
  const weight = ["line", "wrote", "net", "good", "life", "bad"];
  for (const { user, at, kind, words } of marks) {
    const key = `${user} ${at}`;
    const moment = gathered.get(key) ?? { user, at, kind, words: [] };
    moment.words.push(words);
    if (weight.indexOf(kind) > weight.indexOf(moment.kind)) moment.kind = kind;
    gathered.set(key, moment);
  }
  return [...gathered.values()];
}

const moments = gather(run.marks);

"use strict";
// Where moments lie, downwards. Two scales of the same height: one true to time, and one on which any two moments at
// which something happens lie apart and idle time shrinks.

const run = JSON.parse(document.getElementById("run").textContent);

/** Pixels between two neighbouring moments: at least so many, and so many more each time the time between doubles. */
const APART = 10;
const DOUBLE = 9;
const HEIGHT_MAX = 6e6;

class Scale {
  constructor(moments, elapsed) {
    const known = new Set(moments).add(0).add(elapsed);
    this.moments = Float64Array.from(known).sort();
    this.places = new Float64Array(this.moments.length);
    for (let at = 1; at < this.moments.length; at++) {
      const milliseconds = (this.moments[at] - this.moments[at - 1]) / 1000;
      this.places[at] = this.places[at - 1] + APART + DOUBLE * Math.log2(1 + milliseconds);
    }
    this.elapsed = Math.max(elapsed, 1);
    this.base = Math.max(this.places.at(-1), 1);
    this.even = true;
    this.zoom = 1;
  }

  get height() { return this.base * this.zoom; }

  y(time) {
    const place = this.even ? between(this.moments, this.places, time) : (time / this.elapsed) * this.base;
    return place * this.zoom;
  }

  time(y) {
    const place = y / this.zoom;
    return this.even ? between(this.places, this.moments, place) : (place / this.base) * this.elapsed;
  }

  /** The moments to be named between two heights, at least `space` pixels apart. */
  ticks(top, bottom, space) {
    return this.even ? this.evenTicks(top, bottom, space) : this.trueTicks(top, bottom, space);
  }

  evenTicks(top, bottom, space) {
    const ticks = [];
    // The same ones wherever the window is: the first moment in each strip of so many pixels.
    for (let strip = Math.floor(top / space); strip * space < bottom; strip++) {
      const at = below(this.places, (strip * space) / this.zoom);
      const y = this.places[Math.min(at, this.places.length - 1)] * this.zoom;
      if (y < (strip + 1) * space) ticks.push({ time: this.moments[at], y });
    }
    return ticks;
  }

  trueTicks(top, bottom, space) {
    const least = (space / this.height) * this.elapsed;
    const power = 10 ** Math.floor(Math.log10(least));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least);
    const ticks = [];
    for (let time = Math.max(0, Math.ceil(this.time(top) / step) * step); this.y(time) < bottom; time += step) {
      if (time > this.elapsed) break;
      ticks.push({ time, y: this.y(time) });
    }
    return ticks;
  }
}

/** The index of the first number that is not below another. */
function below(sorted, number) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Carries a number from one rising list to another. */
function between(from, to, number) {
  const at = below(from, number);
  if (at === 0) return to[0];
  if (at === from.length) return to[at - 1];
  const part = (number - from[at - 1]) / (from[at] - from[at - 1]);
  return to[at - 1] + part * (to[at] - to[at - 1]);
}

function momentsOf(run) {
  const moments = [];
  for (const { sent, left, came } of run.flights) moments.push(sent, left ?? sent, came ?? sent);
  for (const { from, to } of run.bands) moments.push(from, to);
  for (const { at } of [...run.marks, ...run.violations]) moments.push(at);
  return moments.filter((moment) => moment <= run.elapsed);
}

const milliseconds = (time) => `${(time / 1000).toLocaleString("en", { maximumFractionDigits: 3 })} ms`;

// Where everybody stands, sideways: the server in the middle, users at both sides of it. Between a user and its
// neighbour towards the server is the user's gap, where the words of its arrows stand.

const AXIS = 62;
const SERVER = { least: 120, most: 230 };
const PILLAR = { least: 64, most: 150 };
const GAP = { least: 112, most: 230 };

class Lanes {
  constructor(users) {
    this.users = users;
    this.shown = users.map(() => true);
    this.factor = 1;
    this.columns = [];
  }

  /** Shares out a width; what does not fit is wider than that. */
  layout(width) {
    const shown = this.users.keys().filter((user) => this.shown[user]).toArray();
    const least = AXIS + SERVER.least + shown.length * (PILLAR.least + GAP.least);
    const most = AXIS + SERVER.most + shown.length * (PILLAR.most + GAP.most);
    const part = Math.min(1, Math.max(0, (width - 12 - least) / (most - least)));
    const share = ({ least, most }) => (least + part * (most - least)) * this.factor;
    const [pillar, gap] = [share(PILLAR), share(GAP)];
    const left = Math.ceil(shown.length / 2);
    this.columns = this.users.map(() => null);
    let x = AXIS;
    for (const user of shown.slice(0, left)) {
      this.columns[user] = { x, w: pillar, edge: x + pillar, gap, side: 1 };
      x += pillar + gap;
    }
    this.server = { x, w: share(SERVER) };
    x += this.server.w;
    for (const user of shown.slice(left)) {
      this.columns[user] = { x: x + gap, w: pillar, edge: x + gap, gap, side: -1 };
      x += gap + pillar;
    }
    this.width = Math.ceil(x + 8);
  }

  /** The pillar of a user, or without one that of the server. */
  pillar(user) { return user === null ? this.server : this.columns[user]; }

  /** Where a user's arrows touch the server. */
  port(column) { return column.side > 0 ? this.server.x : this.server.x + this.server.w; }

  /** A user's gap, from left to right. */
  gap({ side, edge, gap }) { return side > 0 ? [edge, edge + gap] : [edge - gap, edge]; }
}

const hue = (user) => (user === null ? "var(--ink)" : `var(--u${user % 9})`);

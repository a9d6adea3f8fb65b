// What the reader has chosen; whoever shows it is told.

export class State {
  #listeners = [];

  constructor(values) {
    Object.assign(this, values);
  }

  set(changes) {
    const changed = Object.keys(changes).filter((key) => this[key] !== changes[key]);
    if (!changed.length) return;
    Object.assign(this, changes);
    for (const [keys, listener] of this.#listeners) {
      if (keys.some((key) => changed.includes(key))) listener();
    }
  }

  on(keys, listener) {
    this.#listeners.push([keys, listener]);
  }
}

// What the page asks the server for. All paths are the page's own server's.

export class SignedOut extends Error {}

async function ask(path, options = {}) {
  const response = await fetch(path, { credentials: "same-origin", ...options });
  if (response.status === 401) throw new SignedOut();
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response;
}

export const getJson = async (path) => (await ask(path)).json();

const post = (path) => ask(path, { method: "POST", headers: { "X-Gradspace-Request": "1" } });

export const acknowledge = (id) => post(`/api/alarms/${encodeURIComponent(id)}/acknowledge`);
export const signOut = () => post("/logout");

export const snapshotPath = (id) => `/api/alarms/${encodeURIComponent(id)}/snapshot.jpg`;
export const framePath = (camera, number, width, map) =>
  `/api/cameras/${encodeURIComponent(camera)}/frame.jpg?width=${Math.round(width)}&map=${map ? 1 : 0}&v=${number}`;

/// Calls `on.verdicts`, `on.alarm` and `on.state` with what the server tells, `on.connected` with whether it can be heard,
/// `on.opened` when it can be heard again and something was missed. The browser connects again by itself; where it gives
/// up, this does, and `on.signedOut` is called where that needs the token.
export function listen(on) {
  let source = null;
  let heard = 0;
  const hear = (handler) => (event) => {
    heard = Date.now();
    on.connected(true);
    handler(JSON.parse(event.data));
  };
  async function tryAgain() {
    try {
      await getJson("/api/cameras");
      open();
    } catch (error) {
      if (error instanceof SignedOut) on.signedOut();
      else setTimeout(tryAgain, 3000);
    }
  }
  function open() {
    source?.close();
    heard = Date.now();
    source = new EventSource("/api/events");
    for (const name of ["verdicts", "alarm", "state"]) source.addEventListener(name, hear(on[name]));
    source.addEventListener("error", () => {
      on.connected(false);
      if (source.readyState === EventSource.CLOSED) setTimeout(tryAgain, 3000);
    });
    source.addEventListener("open", () => on.opened());
  }
  open();
  // A state comes every two seconds: a connection without one is dead, although nobody said so.
  setInterval(() => {
    if (Date.now() - heard > 15000) {
      on.connected(false);
      open();
    }
  }, 5000);
}

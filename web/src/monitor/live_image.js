// The newest frame of a camera, which is asked for again when there is a newer one, at most once a second, while
// somebody can see it.
import { h } from "../dom.js";
import { framePath } from "./server.js";

const PERIOD = 1000;

export function liveImage(camera, label) {
  const image = h("img", { alt: label, hidden: true, decoding: "async" });
  const empty = h("span.no-frame", "no frame yet");
  const element = h("div.frame", image, empty);
  let map = true;
  let visible = false;
  let loading = false;
  let shown = null;
  let asked = 0;

  new IntersectionObserver((entries) => { visible = entries[entries.length - 1].isIntersecting; update(); }).observe(element);

  async function load(number) {
    loading = true;
    asked = Date.now();
    const width = Math.min(1920, element.clientWidth * Math.min(2, window.devicePixelRatio || 1));
    const next = new Image();
    next.src = framePath(camera.name, number, width, map);
    try {
      await next.decode();
      image.src = next.src;
      image.hidden = false;
      empty.hidden = true;
      shown = `${number} ${map}`;
    } catch {
      asked = Date.now() + PERIOD;  // it may come later
    }
    loading = false;
  }

  /// To be called often.
  function update() {
    const number = camera.newest?.number;
    const wanted = `${number} ${map}`;
    if (number && visible && !document.hidden && !loading && wanted !== shown && Date.now() - asked >= PERIOD) load(number);
  }

  return { element, update, setMap: (value) => { map = value; asked = 0; update(); } };
}

// Pictures that give way to another.
import { h } from "./dom.js";

/// A picture that gives way to the reference while it is pointed at, touched or has the focus.
export function flipping(uri, reference, name) {
  const image = h("img", { src: uri, alt: `${name}; the reference while it is pointed at`, tabindex: 0 });
  const show = (other) => () => { image.src = other ? reference : uri; image.classList.toggle("flipped", other); };
  for (const event of ["pointerenter", "focus"]) image.addEventListener(event, show(true));
  for (const event of ["pointerleave", "pointercancel", "blur"]) image.addEventListener(event, show(false));
  return image;
}

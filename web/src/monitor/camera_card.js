// A camera in the overview: its newest frame, what is said of it, its scores of the last minutes.
import { fill, h } from "../dom.js";
import { liveImage } from "./live_image.js";
import { sparkline } from "./sparkline.js";
import { figure } from "./words.js";

/// `onopen` is called when somebody wants to see more.
export function cameraCard(model, camera, onopen) {
  const picture = liveImage(camera, `The newest frame of ${camera.name}`);
  const spark = sparkline(`Scores of ${camera.name}, five minutes`);
  const badge = h("span.badge");
  const score = h("b");
  const rate = h("span");
  const open = h("button.open", { type: "button", onclick: () => onopen(camera.name) }, camera.name);
  const element = h("article.camera", { "data-camera": camera.name },
    picture.element,
    h("div.about",
      h("h3", open), badge,
      h("p.numbers", h("span", "score ", score), rate),
      spark.element));

  function update() {
    const [state, words] = model.verdictOf(camera);
    element.dataset.state = state;
    fill(badge, words);
    fill(score, figure(camera.newest?.score));
    fill(rate, camera.status ? `${figure(camera.status.frames_per_second)} frames/s` : "");
    spark.draw(camera.points, camera.status?.threshold, model.now());
    picture.update();
  }
  return { element, update, setMap: picture.setMap };
}

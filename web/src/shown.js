// Which detectors' curves a chart draws: all of them, or so many that a reader can follow.
import { plural } from "./format.js";

const MAX_CURVES = 10;

/// Of the detectors among `methods`: the chosen one and the best others by mean AUROC, in the page's order but
/// for the chosen one, which comes last and is drawn on top.
export function shownMethods(model, state, methods) {
  const auroc = (i) => model.value(model.row(i, null), "auroc") ?? 0;
  const others = methods.filter((i) => i !== state.method).sort((a, b) => auroc(b) - auroc(a));
  const chosen = methods.filter((i) => i === state.method);
  return [...others.slice(0, MAX_CURVES - chosen.length).sort((a, b) => a - b), ...chosen];
}

/// What a chart of `shown` curves says where there are more: empty where all are drawn.
export function shownSentence(shown, all) {
  if (shown >= all) return "";
  return ` ${plural(shown, "detector")} of ${all} ${shown === 1 ? "is" : "are"} drawn: the chosen one and those with the best mean AUROC.`;
}

/// In the order of the page, for legends.
export const inPageOrder = (curves) => [...curves].sort((a, b) => a.method - b.method);

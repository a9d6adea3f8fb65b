/* Scores frames in C and watches the stream of their scores for drift.
 *
 *   frame_scores MODEL DETECTOR FRAME...
 *
 * The frames are image files, which stand for a camera: its buffer would be described by a gradspace_image as it lies.
 * A frame that can't be read is reported and passed over. */
#include <gradspace.h>
#include <stdio.h>

/* Says what failed, as the library's last line of this thread does. */
static int failed(gradspace_status status) {
  if (status != GRADSPACE_OK) {
    fprintf(stderr, "frame_scores: %s\n", gradspace_last_error());
  }
  return status != GRADSPACE_OK;
}

/* Prints the verdict on one frame. Returns 1 where it has a score. */
static int watch(gradspace_scorer* scorer, const char* path, gradspace_score* score) {
  gradspace_picture* picture = NULL;
  gradspace_image frame;
  int is_scored = 0;
  if (failed(gradspace_picture_open(path, &picture))) {
    return 0;
  }
  if (!failed(gradspace_picture_view(picture, &frame)) && !failed(gradspace_score_images(scorer, &frame, 1, score))) {
    printf("%s score %.6g p-value %.3g%s\n", path, score->score, score->p_value,
           score->out_of_distribution ? " OUT OF DISTRIBUTION" : "");
    is_scored = 1;
  }
  gradspace_close(picture);
  return is_scored;
}

static int watch_all(gradspace_scorer* scorer, gradspace_drift* drift, int count, char** paths) {
  int scored = 0;
  int i;
  for (i = 0; i < count; ++i) {
    gradspace_score score;
    gradspace_drift_window window;
    size_t filled = 0;
    if (!watch(scorer, paths[i], &score)) {
      continue;
    }
    ++scored;
    if (drift != NULL && !failed(gradspace_drift_add(drift, &score.score, 1, &window, 1, &filled)) && filled > 0) {
      printf("window %d: p-value %.3g%s\n", (int)window.number, window.p_value, window.drifted ? " DRIFT" : "");
    }
  }
  printf("%d of %d frames scored\n", scored, count);
  return scored > 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  gradspace_model* model = NULL;
  gradspace_detector* detector = NULL;
  gradspace_scorer* scorer = NULL;
  gradspace_drift* drift = NULL;
  gradspace_drift_options drift_options = {0};
  int exit_status = 1;
  if (argc < 4) {
    fprintf(stderr, "usage: frame_scores MODEL DETECTOR FRAME...\n");
    return 2;
  }
  if (!failed(gradspace_model_open(argv[1], &model)) && !failed(gradspace_detector_open(argv[2], &detector)) &&
      !failed(gradspace_scorer_new(model, detector, 1, &scorer))) {
    /* Of few clean scores no window can be significant: the watch then goes on without. */
    drift_options.size = sizeof drift_options;
    drift_options.window = 20;
    drift_options.false_alarms = 0.05;
    failed(gradspace_drift_new(detector, &drift_options, &drift));
    exit_status = watch_all(scorer, drift, argc - 3, argv + 3);
  }
  /* In any order; null is no handle, and none is needed. */
  gradspace_close(model);
  gradspace_close(detector);
  gradspace_close(scorer);
  gradspace_close(drift);
  return exit_status;
}

/* How good distorted images look beside their reference, whose part of the work is done once.
 *
 *   compare_images METRIC REFERENCE DISTORTED...
 *
 * The metric is one that `gradspace iqa --list` names, such as accord. */
#include <gradspace.h>
#include <stdio.h>

static gradspace_status compare(const gradspace_reference* reference, const char* path, double* score) {
  gradspace_picture* picture = NULL;
  gradspace_image image;
  gradspace_status status = gradspace_picture_open(path, &picture);
  if (status == GRADSPACE_OK) {
    status = gradspace_picture_view(picture, &image);
  }
  if (status == GRADSPACE_OK) {
    status = gradspace_reference_score(reference, &image, score);
  }
  gradspace_close(picture);
  return status;
}

/* The reference outlives the metric and the picture that it was made of. */
static gradspace_status prepare(const char* name, const char* path, gradspace_reference** reference) {
  gradspace_metric* metric = NULL;
  gradspace_picture* picture = NULL;
  gradspace_image image;
  gradspace_status status = gradspace_metric_new(name, NULL, &metric);
  if (status == GRADSPACE_OK) {
    status = gradspace_picture_open(path, &picture);
  }
  if (status == GRADSPACE_OK) {
    status = gradspace_picture_view(picture, &image);
  }
  if (status == GRADSPACE_OK) {
    status = gradspace_reference_new(metric, &image, reference);
  }
  gradspace_close(picture);
  gradspace_close(metric);
  return status;
}

int main(int argc, char** argv) {
  gradspace_reference* reference = NULL;
  gradspace_quality quality;
  int failures = 0;
  int i;
  if (argc < 4) {
    fprintf(stderr, "usage: compare_images METRIC REFERENCE DISTORTED...\n");
    return 2;
  }
  if (prepare(argv[1], argv[2], &reference) != GRADSPACE_OK) {
    fprintf(stderr, "compare_images: %s\n", gradspace_last_error());
    return 1;
  }
  for (i = 3; i < argc; ++i) {
    double score = 0;
    if (compare(reference, argv[i], &score) != GRADSPACE_OK ||
        gradspace_quality_equivalent(argv[1], score, &quality) != GRADSPACE_OK) {
      fprintf(stderr, "compare_images: %s\n", gradspace_last_error());
      ++failures;
      continue;
    }
    printf("%s %s %.6f, as JPEG q%.0f\n", argv[i], argv[1], score, quality.jpeg_quality);
  }
  gradspace_close(reference);
  return failures > 0 ? 1 : 0;
}

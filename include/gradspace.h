/* gradspace for C, and for all that can call C.
 *
 * This is the interface of libgradspace.so.1 that is kept: a program that was linked to one version runs with every
 * later one of the same soname. The C++ interface (gradspace/gradspace.h) is in the same library and is not kept so.
 * docs/c.md is a guide with examples.
 *
 * Errors. Every function that can fail returns a gradspace_status: GRADSPACE_OK, which is 0, or why not. The line that
 * says what was wrong is gradspace_last_error() of the same thread. A call that fails changes nothing: what it would
 * have written is as it was, but where a function says otherwise. No C++ exception leaves a function, none prints, ends
 * the process or changes a setting of it.
 *
 * Handles. gradspace_..._open and gradspace_..._new give a handle, and gradspace_close takes any of them back. Handles
 * can be closed in any order: a scorer holds on to what its model and detector were. A handle is a number in the
 * clothes of a pointer, which nobody follows: one that was closed, is of another kind or was never given is refused as
 * GRADSPACE_INVALID_HANDLE. No number is given twice.
 *
 * Memory. What a function reads belongs to the caller and is not looked at after the call. What it writes goes into the
 * caller's memory, whose size the caller says. Two things belong to the library: texts that are returned as
 * const char*, which live as long as the process (gradspace_last_error: until the thread's next call), and the pixels
 * of a gradspace_picture, until it is closed. Nothing is ever freed by the caller.
 *
 * Threads. Every function may be called by any number of threads at a time. Models, detectors, decoders, metrics,
 * references and pictures do not change, and are used by many threads at once. A scorer, an extractor and a drift
 * monitor work for one thread at a time: a second call meanwhile is refused as GRADSPACE_BUSY. Make one a thread. A
 * handle can be closed while others use it: they end their call, later ones are refused. A child of fork() can go on
 * with its handles where no other thread was in a call, and no call had worked on several threads.
 *
 * Structs. Those that begin with `size` are told apart by it: set it to sizeof, and all that you do not use to 0, which
 * stands for the default. Later versions may add fields at the end of them, and of no other struct; a library that does
 * not know a field which a program has set refuses the struct.
 *
 * Texts are UTF-8 and end with a NUL; paths are the operating system's bytes. */
#ifndef GRADSPACE_H
#define GRADSPACE_H

#include <stddef.h>
#include <stdint.h>

#ifndef GRADSPACE_API
#ifdef __GNUC__
#define GRADSPACE_API __attribute__((visibility("default")))
#else
#define GRADSPACE_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the interface in this header. Functions are added with a new minor number, none is taken away. */
#define GRADSPACE_INTERFACE_MAJOR 1
#define GRADSPACE_INTERFACE_MINOR 0

/* ---- Errors ---- */

typedef int32_t gradspace_status;
enum {
  GRADSPACE_OK = 0,
  /* a value that the function does not take, a null pointer, too little room */
  GRADSPACE_INVALID_ARGUMENT = 1,
  GRADSPACE_INVALID_HANDLE = 2, /* null, closed, of another kind, or no handle at all */
  GRADSPACE_BUSY = 3,           /* another thread works with this handle */
  GRADSPACE_IO_ERROR = 4, /* the operating system refused: a file is missing, the disk is full */
  GRADSPACE_FORMAT_ERROR = 5, /* a file's bytes are not what they should be */
  GRADSPACE_OUT_OF_MEMORY = 6,
  GRADSPACE_STOPPED = 7, /* the caller's function asked to stop */
  GRADSPACE_FAILED = 8   /* anything else; the line says what */
};

/* "invalid argument"; "unknown status" for a number that is none. Never null. */
GRADSPACE_API const char* gradspace_status_text(gradspace_status status);

/* The line that says what was wrong with this thread's last call that failed, at most 4095 bytes; "" where none did. Of
 * a call that takes many images, it is about the first of them that failed. Never null; valid until the thread's next
 * call that fails. */
GRADSPACE_API const char* gradspace_last_error(void);

/* ---- The library ---- */

/* "0.1.0": the library's version. */
GRADSPACE_API const char* gradspace_version(void);

/* 1000 * major + minor of the interface that the library has: at least that of the header it is used with. */
GRADSPACE_API int32_t gradspace_interface_version(void);

/* What is in this build, as a JSON object: "version", "interface", "instruction_sets" (those that the engine can use on
 * this processor, the best first), "quality_metrics", "one_class_methods", "photograph_methods", "challenges", and true
 * or false for "decoder" (that one is built in), "torch" (the LibTorch module) and "report". Never null; "{}" where
 * memory does not suffice. */
GRADSPACE_API const char* gradspace_build(void);

/* Takes back a handle of any kind; null is taken, too. GRADSPACE_INVALID_HANDLE for one that was closed already. What
 * it stands for is let go of when nothing uses it any more. */
GRADSPACE_API gradspace_status gradspace_close(const void* handle);

/* ---- Images ---- */

enum {
  GRADSPACE_GREY = 1, /* one byte a pixel */
  GRADSPACE_RGB = 2,  /* three */
  GRADSPACE_BGR = 3
};

/* Pixels in the caller's memory, 8 bits a sample, the samples of a pixel side by side. Sides are at least 1, and
 * width * height at most 2^28. */
typedef struct gradspace_image {
  const uint8_t* data; /* the first sample of the top row */
  /* Bytes from a row's first sample to that of the row below; 0: rows lie without a gap. Negative where the rows lie
   * bottom up in memory; `data` is the top row's even then. Its magnitude is at least a row's bytes, and times the
   * height at most 2^62. Rows of a negative stride are copied before they are used. */
  int64_t stride;
  int32_t width;
  int32_t height;
  int32_t layout;   /* GRADSPACE_GREY, GRADSPACE_RGB or GRADSPACE_BGR */
  int32_t reserved; /* 0; else the image is refused */
} gradspace_image;

/* An image file (BMP, PNM, PNG, JPEG, ...) that was decoded: RGB, or grey where its format says so. */
typedef struct gradspace_picture gradspace_picture;
GRADSPACE_API gradspace_status gradspace_picture_open(const char* path,
                                                      gradspace_picture** picture);
/* Its pixels, which may be read until the picture is closed. */
GRADSPACE_API gradspace_status gradspace_picture_view(const gradspace_picture* picture,
                                                      gradspace_image* image);

/* ---- Models and detectors ---- */

typedef struct gradspace_model gradspace_model;
/* A model file that `gradspace train` or `gradspace import` wrote. */
GRADSPACE_API gradspace_status gradspace_model_open(const char* path, gradspace_model** model);

typedef struct gradspace_model_info {
  size_t size;   /* sizeof(gradspace_model_info) */
  int32_t width; /* of its input, in pixels: images of other sizes are fitted to it */
  int32_t height;
  int32_t channels;
  int32_t latent;  /* variables of its bottleneck; 0 where it has none */
  int32_t members; /* autoencoders, at least 1 */
  int32_t reserved;
  char sha256[72]; /* of its file: 64 hexadecimal digits */
} gradspace_model_info;
GRADSPACE_API gradspace_status gradspace_model_describe(const gradspace_model* model,
                                                        gradspace_model_info* info);

typedef struct gradspace_detector gradspace_detector;
/* A detector file that `gradspace fit` or gradspace_detector_write wrote. */
GRADSPACE_API gradspace_status gradspace_detector_open(const char* path,
                                                       gradspace_detector** detector);
/* Writes the file beside its target and renames it: there is the old file or the new one, never half of one. */
GRADSPACE_API gradspace_status gradspace_detector_write(const gradspace_detector* detector,
                                                        const char* path);

typedef struct gradspace_detector_info {
  size_t size;           /* sizeof(gradspace_detector_info) */
  double threshold;      /* out of distribution is what scores more */
  uint64_t clean_scores; /* that it was calibrated on */
  int32_t needs_model;   /* 1 or 0 */
  /* 1: it judges photographs at their own size, by tiles; 0: images fitted to one size */
  int32_t takes_photographs;
  char method[64]; /* "gradient-mahalanobis"; cut where it is longer */
} gradspace_detector_info;
GRADSPACE_API gradspace_status gradspace_detector_describe(const gradspace_detector* detector,
                                                           gradspace_detector_info* info);

/* The score over which images are called out of distribution at a rate of false alarms within (0, 1), by the detector's
 * clean scores (split conformal prediction). GRADSPACE_INVALID_ARGUMENT where they are too few for the rate. */
GRADSPACE_API gradspace_status gradspace_detector_threshold(const gradspace_detector* detector,
                                                            double false_alarms, double* threshold);

/* ---- Fitting a detector to clean images ---- */

/* Told how many images were read of how many; anything but 0 stops the work, which then fails as GRADSPACE_STOPPED.
 * It is called by one thread at a time, which may be another than the caller's, and must return (no longjmp). */
typedef int32_t (*gradspace_progress)(void* user, uint64_t done, uint64_t total);

typedef struct gradspace_fit_options {
  size_t size;        /* sizeof(gradspace_fit_options) */
  const char* method; /* one of "one_class_methods" of gradspace_build(); null: "pseudo-outliers" */
  /* families of distorted copies, "noise,light", of methods that learn from such; null: all */
  const char* distortions;
  double false_alarms; /* at the threshold, within (0, 1); 0: 0.01 */
  double memory_gib;   /* the most that a covariance may take; 0: 4 */
  uint64_t seed;
  int32_t threads; /* 0: all cores */
  /* What images are fitted to where no model says it: sides from 1 to 4096, channels 1 or 3. With a model, 0. */
  int32_t width;
  int32_t height;
  int32_t channels;
  gradspace_progress progress; /* or null */
  void* user;
} gradspace_fit_options;

/* Fits to images in memory, of any sizes, a fifth of which is held out to set the threshold. `model` is null for
 * methods that need none. `options` may be null where there is a model. GRADSPACE_INVALID_ARGUMENT as well where
 * there are too few images for the rate of false alarms, and where an image is not valid: the line says how many
 * are wanted, or which it is. */
GRADSPACE_API gradspace_status gradspace_fit_one_class(const gradspace_model* model,
                                                       const gradspace_image* images, size_t count,
                                                       const gradspace_fit_options* options,
                                                       gradspace_detector** detector);
/* The same of a folder's images, or another source that `gradspace fit --data` takes. Files that can't be read are left
 * out. */
GRADSPACE_API gradspace_status gradspace_fit_one_class_path(const gradspace_model* model,
                                                            const char* path,
                                                            const gradspace_fit_options* options,
                                                            gradspace_detector** detector);

/* ---- Scores ---- */

typedef struct gradspace_score {
  double score;   /* larger: further out of distribution */
  double p_value; /* among the detector's clean images; 1 where it holds none */
  double error;   /* of GradCon's detectors: mean squared error of the pixels; else 0 */
  double cosine;  /* of GradCon's detectors; else 0 */
  float bce;      /* the model's reconstruction loss, summed over pixels; 0 without a model */
  float kld;      /* its latent loss; 0 without a model */
  int32_t out_of_distribution; /* 1 where the score is over the detector's threshold, else 0 */
  gradspace_status status;     /* of this image; where it is not GRADSPACE_OK, all else is 0 */
} gradspace_score;

typedef struct gradspace_scorer gradspace_scorer;

/* `model` is null for a detector that needs none; else the one that the detector was made for. A call works on at most
 * `threads` threads, the caller's among them; 1 is for the least time of one image, and 0 stands for all cores. Scores
 * do not depend on it. Each thread has an engine of its own, made when it is first needed. */
GRADSPACE_API gradspace_status gradspace_scorer_new(const gradspace_model* model,
                                                    const gradspace_detector* detector,
                                                    int32_t threads, gradspace_scorer** scorer);

/* Scores `count` images into as many scores. One that is not valid costs no other its score: its status says why, and
 * the first such is what the call returns. No images have no scores. Where memory runs out, all have that status. */
GRADSPACE_API gradspace_status gradspace_score_images(gradspace_scorer* scorer,
                                                      const gradspace_image* images, size_t count,
                                                      gradspace_score* scores);
/* The same of image files, which are decoded as the detector wants it. */
GRADSPACE_API gradspace_status gradspace_score_paths(gradspace_scorer* scorer,
                                                     const char* const* paths, size_t count,
                                                     gradspace_score* scores);

/* ---- Gradients ---- */

typedef struct gradspace_extractor gradspace_extractor;

/* `features`: which gradients, "layer:loss" separated by commas, such as "down.6:kld,up.6:bce"; "mu" and "logvar" are
 * latent variables; "all", "all:bce". Null: the paper's, the last encoder layer's of the latent loss and the last
 * decoder layer's of the reconstruction loss. Where the features are not the model's, the line lists those that are.
 * `threads` as for gradspace_scorer_new. */
GRADSPACE_API gradspace_status gradspace_extractor_new(const gradspace_model* model,
                                                       const char* features, int32_t threads,
                                                       gradspace_extractor** extractor);
/* How many numbers it gives for an image. */
GRADSPACE_API gradspace_status gradspace_extractor_dimension(const gradspace_extractor* extractor,
                                                             size_t* dimension);

/* The columns [begin, end) of a row that hold one layer's gradient by one loss. */
typedef struct gradspace_block {
  size_t begin;
  size_t end;
  int32_t member; /* of the model's members, from 0 */
  int32_t reserved;
  char name[48]; /* "down.6:kld", "mu"; of several members "down.6:kld#2" */
} gradspace_block;
/* Writes the first `capacity` blocks, and to `count` how many there are. `blocks` may be null where `capacity` is 0. */
GRADSPACE_API gradspace_status gradspace_extractor_blocks(const gradspace_extractor* extractor,
                                                          gradspace_block* blocks, size_t capacity,
                                                          size_t* count);

/* Where gradients go; what is null is not wanted, and is not computed. */
typedef struct gradspace_gradients {
  size_t size;     /* sizeof(gradspace_gradients) */
  float* features; /* a row an image, [dimension] */
  /* the floats that `features` has room for: at least (count - 1) * row_stride + dimension */
  size_t capacity;
  /* floats from a row's first number to the next row's, at least the dimension; 0: the dimension */
  size_t row_stride;
  float* bce;                 /* [count]: the reconstruction loss, summed over pixels */
  float* kld;                 /* [count]: the latent loss; 0 without a bottleneck */
  gradspace_status* statuses; /* [count]: of each image; the numbers of one that failed are 0 */
} gradspace_gradients;

/* The gradients of `count` images. One that is not valid costs no other its row; the first such is what the call
 * returns. */
GRADSPACE_API gradspace_status gradspace_extract_images(gradspace_extractor* extractor,
                                                        const gradspace_image* images, size_t count,
                                                        const gradspace_gradients* gradients);
GRADSPACE_API gradspace_status gradspace_extract_paths(gradspace_extractor* extractor,
                                                       const char* const* paths, size_t count,
                                                       const gradspace_gradients* gradients);

/* ---- Drift ---- */

typedef struct gradspace_drift gradspace_drift;

typedef struct gradspace_drift_options {
  size_t size;   /* sizeof(gradspace_drift_options) */
  size_t window; /* scores that are compared at a time, 2 to 1000000; 0: 100 */
  /* the probability that a clean stream, however long, ever raises an alarm, within (0, 1); 0: 0.01 */
  double false_alarms;
  /* so many of the stream's own first scores, which must be of clean images, are what its windows are compared with,
   * 2 to 8192; 0: the detector's clean scores are */
  size_t reference;
} gradspace_drift_options;

/* Compares a stream of scores, window by window, with clean ones: the detector's, or those the stream began with.
 * `detector` may be null where `reference` is not 0. `options` may be null. GRADSPACE_INVALID_ARGUMENT as well where
 * there are too few clean scores, or the window is too short, for any alarm at that rate. */
GRADSPACE_API gradspace_status gradspace_drift_new(const gradspace_detector* detector,
                                                   const gradspace_drift_options* options,
                                                   gradspace_drift** drift);

typedef struct gradspace_drift_window {
  uint64_t number;      /* from 1 */
  uint64_t first_image; /* from 0, in the stream */
  double statistic;     /* largest distance of the two distribution functions, 0 to 1 */
  double p_value;       /* of so large a distance or a larger one between clean sets */
  double level;         /* what this window may use of the rate of false alarms */
  double median_score;
  int32_t drifted; /* 1 where p_value <= level, else 0 */
  int32_t reserved;
} gradspace_drift_window;

/* Feeds scores in the order of the stream; the first `reference` of it fill no window. Each window that is filled is
 * written to `windows`, which has room for `capacity`; `filled` says how many. Where there is too little room, or a
 * score is NaN, none of them is taken. `windows` may be null where `capacity` is 0. */
GRADSPACE_API gradspace_status gradspace_drift_add(gradspace_drift* drift, const double* scores,
                                                   size_t count, gradspace_drift_window* windows,
                                                   size_t capacity, size_t* filled);

/* ---- Image quality ---- */

typedef struct gradspace_decoder gradspace_decoder;
/* A decoder file of `gradspace iqa-train`, or the published MATLAB file. */
GRADSPACE_API gradspace_status gradspace_decoder_open(const char* path,
                                                      gradspace_decoder** decoder);

typedef struct gradspace_metric gradspace_metric;
/* `name`: one of "quality_metrics" of gradspace_build(), such as "accord", "gradient", "ssim". `decoder` is read by
 * gradient, unique and accord alone; null: the one that is built in. */
GRADSPACE_API gradspace_status gradspace_metric_new(const char* name,
                                                    const gradspace_decoder* decoder,
                                                    gradspace_metric** metric);

typedef struct gradspace_reference gradspace_reference;
/* An image that others are compared with: all is worked out that does not depend on them. The pixels are copied. */
GRADSPACE_API gradspace_status gradspace_reference_new(const gradspace_metric* metric,
                                                       const gradspace_image* image,
                                                       gradspace_reference** reference);
/* How good the distorted image looks beside its reference; of most metrics larger is better (docs/quality.md).
 * GRADSPACE_INVALID_ARGUMENT where the sizes differ or the metric has no score for these images. */
GRADSPACE_API gradspace_status gradspace_reference_score(const gradspace_reference* reference,
                                                         const gradspace_image* distorted,
                                                         double* score);

typedef struct gradspace_quality {
  double jpeg_quality; /* the quality of JPEG that damages as much: 5 to 98 on libjpeg's scale */
  int32_t worse;       /* 1 where it is worse than quality 5 */
  int32_t better;      /* 1 where it is better than quality 98 */
  /* 0 imperceptible, 1 just noticeable, 2 perceptible, 3 slightly annoying, 4 annoying, 5 very annoying */
  int32_t impairment;
  int32_t reserved;
} gradspace_quality;
/* What a score of a metric is equivalent to. GRADSPACE_INVALID_ARGUMENT for a name that is not known, a score that is
 * NaN, and a metric without such a scale (all that are built in have one). */
GRADSPACE_API gradspace_status gradspace_quality_equivalent(const char* metric, double score,
                                                            gradspace_quality* quality);

/* ---- Challenges ---- */

enum {
  /* Leaves out the sensor noise that blur, dirt and haze put back. */
  GRADSPACE_CHALLENGE_POST_PRODUCTION = 1,
  /* Sizes are in pixels, whatever the image's size; else relative to its shorter side. */
  GRADSPACE_CHALLENGE_PIXELS = 2
};

/* The image under a challenge ("rain", "lens-blur", ...: "challenges" of gradspace_build()), at a level from 1 to 5.
 * It is a function of its arguments alone. Both sides are at least 8. `out` gets rows of the image's width and
 * layout, `out_stride` bytes apart (0: without a gap; never negative), and has room for `out_size` bytes: at least
 * * (height - 1) * out_stride + a row's bytes. It may be the image's own memory. `flags`: those above, added. */
GRADSPACE_API gradspace_status gradspace_challenge(const gradspace_image* image, const char* type,
                                                   int32_t level, uint64_t seed, uint32_t flags,
                                                   uint8_t* out, size_t out_size,
                                                   int64_t out_stride);

#ifdef __cplusplus
}
#endif

#endif

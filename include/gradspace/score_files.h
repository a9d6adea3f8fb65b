// Scores the images of files, folders and streams of paths, in order, on all cores.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "gradspace/backends.h"
#include "gradspace/detector.h"
#include "gradspace/export.h"
#include "gradspace/job_observer.h"
#include "gradspace/model.h"
#include "gradspace/scorer.h"
#include "gradspace/source.h"

namespace gradspace {

struct ScoreFilesOptions {
  BackendChoice backend;
  int threads = 0;            ///< each has a backend of its own; 0 = all cores
  SourceOptions source = {};  ///< which files of folders are taken
  char separator = '\n';      ///< of a stream's paths: '\n' or '\0'
  /// Where maps go of a detector that judges photographs by tiles (photograph.h): of each photograph a picture, its
  /// tiles' scores (.npy, [rows, columns]) and both with p-values (.json), named after its path. Empty: none.
  std::filesystem::path maps = {};
};

/// What became of one image.
struct ScoredImage {
  std::string path;
  ImageInfo image;  ///< as its source knows it; a path out of a stream has none
  ImageScore score;
  std::string failure;  ///< empty when it was scored; else why not, one line

  bool ok() const { return failure.empty(); }
};

/// For one thread at a time, which it spreads over the others. Scores do not depend on their number.
class GRADSPACE_API FileScorer {
 public:
  /// Called once an image, in the order of the images, from the thread that called `score`: with a score, or
  /// with the failure of an image that could not be read or scored. One that fails costs no other its score,
  /// whatever the method, and be it the only one that is at hand.
  using OnImage = std::function<void(const ScoredImage&)>;

  /// Model and detector outlive the scorer; temporaries do not compile. Detectors of photographs take them at their own
  /// size, others fitted to the model's, decoded as both of them say. Throws InvalidArgument when model and detector do
  /// not fit together, or an option is not valid; IoError when the folder for maps holds something.
  FileScorer(const Model& model, const Detector& detector, const ScoreFilesOptions& options = {});
  /// For detectors that need no model.
  explicit FileScorer(const Detector& detector, const ScoreFilesOptions& options = {});
  explicit FileScorer(const Detector&&, const ScoreFilesOptions& = {}) = delete;
  FileScorer(const Model&&, const Detector&, const ScoreFilesOptions& = {}) = delete;
  FileScorer(const Model&, const Detector&&, const ScoreFilesOptions& = {}) = delete;
  FileScorer(const Model&&, const Detector&&, const ScoreFilesOptions& = {}) = delete;
  ~FileScorer();
  FileScorer(FileScorer&&) noexcept;
  FileScorer& operator=(FileScorer&&) noexcept;

  /// All images of a file, a folder or another source. Progress comes after every batch of them, and first a
  /// remark where files are passed over. The observer is asked before every image whether to stop; false when
  /// it ended the work, and `on_image` then got the first images alone. Throws IoError, FormatError when there
  /// is no source at the path.
  bool score(const std::filesystem::path& path, const OnImage& on_image,
             const JobObserver& observer = {});

  /// Image files by their paths, each ended by the separator; empty ones are passed over, and so is a '\r' at
  /// the end of a line where there is a file of the name without it. Answers as paths come, so that
  /// a camera can be at the other end of a pipe. Progress counts the images so far, as done and as total.
  bool score(std::istream& paths, const OnImage& on_image, const JobObserver& observer = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace

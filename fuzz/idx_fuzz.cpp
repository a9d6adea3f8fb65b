#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "gradspace/error.h"
#include "gradspace/source.h"
#include "memory_file.h"

namespace {

namespace fs = std::filesystem;

/// A folder with an images file and its labels file, both in memory.
struct Pair {
  Pair() {
    std::string name = (fs::temp_directory_path() / "gradspace-fuzz-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      std::abort();
    }
    folder = name;
    fs::create_symlink(images.path(), folder / "f-images-idx3-ubyte");
    fs::create_symlink(labels.path(), folder / "f-labels-idx1-ubyte");
  }
  ~Pair() { fs::remove_all(folder); }

  gradspace::fuzz::MemoryFile images;
  gradspace::fuzz::MemoryFile labels;
  fs::path folder;
};

}  // namespace

// Two bytes say how long the images file is; the rest is the labels file. Every image of a source that
// opens can be read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Pair pair;
  if (size < 2) {
    return 0;
  }
  const std::span rest(data + 2, size - 2);
  const std::size_t split =
      std::min<std::size_t>(data[0] + std::size_t{256} * data[1], rest.size());
  pair.images.set(rest.first(split));
  pair.labels.set(rest.subspan(split));
  try {
    const auto source = gradspace::open_source(pair.folder, gradspace::SourceKind::kIdx);
    const std::size_t step = 1 + source->size() / 100;
    for (std::size_t i = 0; i < source->size(); i += step) {
      source->info(i);
      source->load(i);
    }
  } catch (const gradspace::FormatError&) {
  }
  return 0;
}

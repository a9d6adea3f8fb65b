#include "fuzz_folder.h"
#include "gradspace/error.h"
#include "gradspace/results.h"
#include "results/gradcon_scores.h"
#include "results/run_files.h"
#include "results/score_curves.h"

namespace {

using namespace gradspace;

/// Two methods, three kinds of image: what the files under test may speak of.
Results known_results() {
  Results results;
  for (const char* method : {"bce", "gradient"}) {
    for (const int type : {1, 8}) {
      ResultRow row;
      row.method = method;
      row.type = type;
      row.level = 2;
      results.rows.push_back(row);
    }
  }
  return results;
}

void read(char kind, const std::filesystem::path& file) {
  static const Conditions conditions(known_results());
  switch (kind) {
    case 'f':
      read_fingerprints(file, conditions);
      break;
    case 't':
      read_training_log(file, 4);
      break;
    case 's':
      read_image_scores(file, conditions, {});
      break;
    case 'g':
      read_gradcon_scores(file, 0);
      break;
    default:
      read_versioned_json(file);
  }
}

}  // namespace

// The files that a run leaves beside its results; the first byte says which.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FuzzFolder folder;
  if (size == 0) {
    return 0;
  }
  try {
    read(static_cast<char>(data[0]), folder.put("file", {data + 1, size - 1}));
  } catch (const FormatError&) {
  }
  return 0;
}

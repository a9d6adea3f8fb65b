#include <cstdlib>

#include "fuzz_folder.h"
#include "gradspace/error.h"
#include "gradspace/results.h"

// results.json: what is read and written comes out the same when that is done again, and has a table.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gradspace;
  static const FuzzFolder folder;
  try {
    const std::filesystem::path file = folder.put("results.json", {data, size});
    const Results results = read_results(file);
    static_cast<void>(results_table(results));
    write_results(folder.path() / "ours", results);
    const std::string ours = read_text_file(folder.path() / "ours/results.json");
    write_results(folder.path() / "ours", read_results(folder.path() / "ours/results.json"));
    if (read_text_file(folder.path() / "ours/results.json") != ours) {
      std::abort();
    }
  } catch (const FormatError&) {
  }
  return 0;
}

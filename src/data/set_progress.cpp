#include "data/set_progress.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/file.h"
#include "core/json.h"
#include "gradspace/error.h"

namespace gradspace {

std::string set_progress_to_json(const SetProgress& progress) {
  nlohmann::json blocks = nlohmann::json::array();
  for (const std::uint64_t block : progress.whole_blocks) {
    blocks.push_back(checksum_text(block));
  }
  return sealed_json({{"rows", progress.rows},
                      {"images_done", progress.images_done},
                      {"index_bytes", progress.index_bytes},
                      {"failures_bytes", progress.failures_bytes},
                      {"whole_blocks", std::move(blocks)},
                      {"rest", checksum_text(progress.rest)},
                      {"index", checksum_text(progress.index)},
                      {"failures", checksum_text(progress.failures)},
                      {"files_state", progress.files_state}});
}

std::optional<SetProgress> read_set_progress(const std::filesystem::path& path) {
  try {
    const nlohmann::json object = parse_sealed_json(read_text_file(path), path.string());
    const auto number = [&](const char* key) {
      constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() >> 1;
      return static_cast<std::uint64_t>(integer_within(object.at(key), 0, kMost, key));
    };
    const auto checksum = [&](const char* key) { return parse_checksum(object.at(key), key); };
    SetProgress progress{number("rows"),
                         number("images_done"),
                         number("index_bytes"),
                         number("failures_bytes"),
                         {},
                         checksum("rest"),
                         checksum("index"),
                         checksum("failures"),
                         object.at("files_state")};
    for (const nlohmann::json& block : object.at("whole_blocks")) {
      progress.whole_blocks.push_back(parse_checksum(block, "a block"));
    }
    return progress;
  } catch (const Error&) {
    return std::nullopt;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace gradspace

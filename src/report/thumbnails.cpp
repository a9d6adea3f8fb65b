#include "report/thumbnails.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/base64.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "gradspace/error.h"
#include "image/picture_strip.h"
#include "results/run_files.h"
#include "results/small_number.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kMaxStripSide = 1024;

Sample sample_from_json(const json& row, const std::string& name) {
  Sample sample;
  sample.file = row.at("file").get<std::string>();
  sample.clean.path = row.at("clean").get<std::string>();
  sample.challenged.path = row.at("challenged").get<std::string>();
  sample.challenged.type = small_number(row.at("type"), name + ": type");
  sample.challenged.level = small_number(row.at("level"), name + ": level");
  return sample;
}

/// The first of every condition, then the second, ...
void order_by_turns(std::vector<Sample>& samples) {
  std::map<std::pair<int, int>, int> seen;
  std::vector<std::pair<int, Sample>> by_turn;
  for (Sample& sample : samples) {
    const int turn = seen[{sample.challenged.type, sample.challenged.level}]++;
    by_turn.emplace_back(turn, std::move(sample));
  }
  std::stable_sort(by_turn.begin(), by_turn.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = std::move(by_turn[i].second);
  }
}

}  // namespace

std::string data_uri(const Image& image, ImageFormat format, int jpeg_quality) {
  const std::vector<std::uint8_t> bytes = encode_image(image, format, {jpeg_quality});
  return fmt::format("data:image/{};base64,{}", format == ImageFormat::kPng ? "png" : "jpeg",
                     base64(bytes));
}

std::optional<Image> image_below(const fs::path& root, const std::string& name) {
  const fs::path path = (root / name).lexically_normal();
  const fs::path inside = path.lexically_relative(root.lexically_normal());
  if (root.empty() || inside.empty() || *inside.begin() == "..") {
    return std::nullopt;
  }
  try {
    return read_image(path);
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

std::string listed_picture(const fs::path& list, const std::string& file, ImageFormat format) {
  if (file.empty() || file.front() == '.' || file.find_first_of("/\\") != std::string::npos) {
    throw FormatError(
        fmt::format("{}: '{}' must be a file beside it", list.string(), printable(file)));
  }
  return data_uri(thumbnail(read_image(list.parent_path() / file), kMaxStripSide), format);
}

std::vector<Sample> read_samples(const fs::path& folder, std::size_t max_bytes) {
  const fs::path list = folder / "samples.json";
  const json file = read_versioned_json(list);
  std::vector<Sample> samples;
  try {
    for (const json& row : file.at("rows")) {
      samples.push_back(sample_from_json(row, list.string()));
    }
  } catch (const json::exception&) {
    throw FormatError(fmt::format("{}: not a list of samples", list.string()));
  }
  order_by_turns(samples);
  std::size_t bytes = 0;
  std::size_t kept = 0;
  for (Sample& sample : samples) {
    sample.image = listed_picture(list, sample.file);
    bytes += sample.image.size();
    if (bytes > max_bytes) {
      break;
    }
    ++kept;
  }
  samples.resize(kept);
  return samples;
}

}  // namespace gradspace

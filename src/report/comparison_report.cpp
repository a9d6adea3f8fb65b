// The page's data for comparisons of folders.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/csv_table.h"
#include "core/file.h"
#include "core/json.h"
#include "gradspace/error.h"
#include "report/comparison_crops.h"
#include "report/page_data.h"
#include "results/run_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kMaxScoreBytes = std::uint64_t{1} << 28;
constexpr std::size_t kMostCells = 300'000;      ///< scores on the page
constexpr std::size_t kMostCropped = 6;          ///< images shown as pictures
constexpr std::size_t kMostFoldersCropped = 24;  ///< of an image
constexpr std::size_t kCropBytes = 4'000'000;    ///< of all pictures

/// An image with what every folder made of it.
struct ScoredImage {
  ComparedImage image;
  std::vector<double> bits_per_pixel;       ///< by folder; NaN where it has none
  std::vector<std::vector<double>> scores;  ///< by metric, then by folder; NaN where there is none
};

struct Names {
  std::vector<std::string> metrics;
  std::vector<bool> larger_is_better;
  std::vector<std::string> folders;
};

Names names_in(const json& results) {
  Names names;
  for (const json& metric : results.at("metrics")) {
    names.metrics.push_back(metric.at("name").get<std::string>());
    names.larger_is_better.push_back(metric.at("larger_is_better").get<bool>());
  }
  for (const json& folder : results.at("folders")) {
    names.folders.push_back(from_utf8(folder.at("name").get<std::string>()));
  }
  return names;
}

/// Throws json's exceptions, or FormatError, where the page could not rely on curves and BD-rates.
void check_curves(const json& results, const Names& names) {
  for (const json& curve : results.at("curves")) {
    curve.at("name").get<std::string>();
    for (const json& folder : curve.at("folders")) {
      if (std::ranges::find(names.folders, from_utf8(folder.get<std::string>())) ==
          names.folders.end()) {
        throw FormatError(fmt::format("a curve has the unknown folder {}", brief(folder)));
      }
    }
  }
  for (const json& row : results.at("bd_rates")) {
    for (const char* key : {"curve", "metric", "refusal"}) {
      row.at(key).get<std::string>();
    }
    for (const char* key : {"images", "compared"}) {
      row.at(key).get<std::size_t>();
    }
    for (const char* key : {"mean_bd_rate", "lowest_bd_rate", "highest_bd_rate"}) {
      static_cast<void>(row.at(key));
    }
    row.at("of_means").at("refusal").get<std::string>();
  }
}

/// A score; NaN for an empty field, and infinity for that of equal images.
double score_in(const CsvTable& table, std::size_t column) {
  const std::string_view text = table.text(column);
  if (text.empty()) {
    return std::nan("");
  }
  return text == "inf" ? std::numeric_limits<double>::infinity() : table.number(column);
}

/// scores.csv, gathered by reference.
class ScoredImages {
 public:
  ScoredImages(const fs::path& path, const Names& names)
      : path_(path), text_(read_text_file(path, kMaxScoreBytes)), table_(text_, path.string()) {
    for (const std::string& metric : names.metrics) {
      metric_columns_.push_back(table_.column(metric));
    }
    for (const std::string& folder : names.folders) {
      folder_numbers_.emplace(folder, folder_numbers_.size());
    }
  }

  std::vector<ScoredImage> read() {
    const std::size_t folder_column = table_.column("folder");
    const std::size_t distorted_column = table_.column("distorted");
    const std::size_t bits_column = table_.column("bpp");
    while (table_.next()) {
      const auto folder = folder_numbers_.find(std::string(table_.text(folder_column)));
      if (folder == folder_numbers_.end()) {
        throw FormatError(
            fmt::format("{}: names a folder that results.json does not", path_.string()));
      }
      ScoredImage& image = image_of_row();
      image.image.distorted[folder->second] = table_.text(distorted_column);
      image.bits_per_pixel[folder->second] = table_.number(bits_column);
      for (std::size_t i = 0; i < metric_columns_.size(); ++i) {
        image.scores[i][folder->second] = score_in(table_, metric_columns_[i]);
      }
    }
    return std::move(images_);
  }

 private:
  ScoredImage& image_of_row() {
    std::string reference(table_.text(table_.column("reference")));
    const auto [known, is_new] = image_numbers_.try_emplace(reference, images_.size());
    if (is_new) {
      const std::vector<double> none(folder_numbers_.size(), std::nan(""));
      images_.push_back({{std::move(reference), std::vector<std::string>(none.size())},
                         none,
                         {metric_columns_.size(), none}});
    }
    return images_[known->second];
  }

  const fs::path& path_;
  std::string text_;
  CsvTable table_;
  std::vector<std::size_t> metric_columns_;
  std::map<std::string, std::size_t> folder_numbers_;
  std::map<std::string, std::size_t> image_numbers_;
  std::vector<ScoredImage> images_;
};

/// The mean of an image's finite scores by the first metric; larger is better. Images without any come last. PSNR is
/// infinite in a folder of lossless copies, which says nothing about what the others did to an image.
double goodness(const ScoredImage& image, const Names& names) {
  double sum = 0;
  std::size_t count = 0;
  for (const double score : image.scores.front()) {
    if (std::isfinite(score)) {
      sum += names.larger_is_better.front() ? score : -score;
      ++count;
    }
  }
  return count > 0 ? sum / static_cast<double>(count) : std::numeric_limits<double>::infinity();
}

json finite_numbers(const std::vector<double>& values) {
  json list = json::array();
  for (const double value : values) {
    // Infinity is PSNR of equal images: a score there is, but none to draw.
    list.push_back(std::isfinite(value) ? json(rounded(value))
                   : std::isnan(value)  ? json(nullptr)
                                        : json("inf"));
  }
  return list;
}

json images_json(const std::vector<ScoredImage>& images, std::size_t shown) {
  json list = json::array();
  for (std::size_t i = 0; i < shown; ++i) {
    json scores = json::array();
    for (const std::vector<double>& of_metric : images[i].scores) {
      scores.push_back(finite_numbers(of_metric));
    }
    list.push_back({{"name", images[i].image.reference},
                    {"bits_per_pixel", finite_numbers(images[i].bits_per_pixel)},
                    {"scores", std::move(scores)}});
  }
  return list;
}

ComparedPlaces places_in(const json& results) {
  ComparedPlaces places;
  places.references = from_utf8(results.at("options").at("references").get<std::string>());
  for (const json& folder : results.at("folders")) {
    places.folders.emplace_back(from_utf8(folder.at("path").get<std::string>()));
  }
  return places;
}

/// Of the worst images, until their pictures take more than there is room for.
json crops_json(const std::vector<ScoredImage>& images, const ComparedPlaces& places,
                Notes& notes) {
  json crops = json::array();
  std::size_t bytes = 0;
  const std::size_t most = std::min(images.size(), kMostCropped);
  for (std::size_t i = 0; i < most && bytes < kCropBytes; ++i) {
    json crop = crops_of(images[i].image, places, kMostFoldersCropped);
    if (!crop.is_null()) {
      for (const json& picture : crop["folders"]) {
        bytes += picture["picture"].get_ref<const std::string&>().size() +
                 picture["map"].get_ref<const std::string&>().size();
      }
      crops.push_back(std::move(crop));
    }
  }
  if (crops.empty() && !images.empty()) {
    notes.emplace_back("The images are not where they were compared: no pictures.");
  } else if (places.folders.size() > kMostFoldersCropped) {
    notes.push_back(fmt::format("Pictures are of the first {} folders; the figures are of all.",
                                kMostFoldersCropped));
  }
  return crops;
}

}  // namespace

json comparison_data(const fs::path& folder, const json& results, Notes& notes) {
  json data;
  Names names;
  ComparedPlaces places;
  try {
    names = names_in(results);
    places = places_in(results);
    check_curves(results, names);
    for (const char* key :
         {"metrics", "folders", "curves", "anchor", "interpolation", "bd_rates"}) {
      data[key] = results.at(key);
    }
  } catch (const json::exception&) {
    throw FormatError(
        fmt::format("{}: not a comparison of folders", (folder / "results.json").string()));
  } catch (const FormatError& error) {
    throw FormatError(fmt::format("{}: {}", (folder / "results.json").string(), error.what()));
  }
  const fs::path path = folder / "scores.csv";
  if (!fs::exists(path) || names.metrics.empty()) {
    notes.emplace_back("scores.csv is not there: no images to look at.");
    return data;
  }
  std::vector<ScoredImage> images = ScoredImages(path, names).read();
  std::ranges::stable_sort(images, {},
                           [&](const ScoredImage& image) { return goodness(image, names); });
  const std::size_t cells =
      std::max<std::size_t>(names.folders.size() * (names.metrics.size() + 1), 1);
  const std::size_t shown = std::min(images.size(), std::max<std::size_t>(kMostCells / cells, 1));
  if (shown < images.size()) {
    notes.push_back(
        fmt::format("The {} worst of {} images are listed; the figures are of all. "
                    "Every score is in scores.csv.",
                    shown, images.size()));
  }
  data["count"] = images.size();
  data["images"] = images_json(images, shown);
  data["crops"] = crops_json(images, places, notes);
  return data;
}

}  // namespace gradspace

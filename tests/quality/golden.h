// The original code's inputs and scores.
#pragma once

#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/file.h"
#include "gradspace/quality.h"

namespace gradspace::testing {

/// W1, W2, b1, b2, each column by column, float32.
inline LinearDecoder read_raw_decoder(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  LinearDecoder decoder;
  const std::uint8_t* next = bytes.data();
  for (Tensor* tensor : {&decoder.w1, &decoder.w2, &decoder.b1, &decoder.b2}) {
    const auto rows = static_cast<std::size_t>(tensor->shape.front());
    const std::size_t columns = element_count(tensor->shape) / rows;
    tensor->values.resize(rows * columns);
    for (std::size_t i = 0; i < rows * columns; ++i, next += sizeof(float)) {
      std::memcpy(&tensor->values[i % rows * columns + i / rows], next, sizeof(float));
    }
  }
  return decoder;
}

inline std::shared_ptr<const QualityImage> quality_image(const std::filesystem::path& path) {
  return std::make_shared<QualityImage>(read_image(path), path.string());
}

inline double score(const std::string& metric, const LinearDecoder& decoder,
                    const std::shared_ptr<const QualityImage>& reference,
                    const QualityImage& distorted) {
  return make_quality_metric(metric, decoder)->prepare(reference)->score(distorted);
}

struct GoldenScore {
  std::string reference;
  std::string distorted;
  double unique = 0;
  double gradient = 0;
};

inline std::vector<GoldenScore> read_golden_scores(const std::filesystem::path& path) {
  std::vector<GoldenScore> scores;
  for (const nlohmann::json& entry : nlohmann::json::parse(read_text_file(path))) {
    const std::string pair = "pair" + std::to_string(entry.at("pair").get<int>()) + "_";
    scores.push_back({pair + "ref.png", pair + entry.at("distortion").get<std::string>() + ".png",
                      entry.at("unique"), entry.at("gradient")});
  }
  return scores;
}

}  // namespace gradspace::testing

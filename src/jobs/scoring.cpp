#include "jobs/scoring.h"

#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <utility>

#include "core/hash.h"
#include "gradspace/backends.h"
#include "gradspace/error.h"
#include "gradspace/source.h"

namespace gradspace::cli {
namespace {

/// Images scored before their lines are printed; a few engine groups for each thread.
constexpr std::size_t kChunk = 1024;
constexpr std::size_t kGrain = 32;

}  // namespace

Detector read_detector_for(const std::filesystem::path& detector,
                           const std::filesystem::path& model) {
  Detector read = read_detector(detector);
  const std::string sha256 = sha256_hex_of_file(model);
  if (sha256 != read.model_sha256) {
    throw InvalidArgument(
        fmt::format("{}: made for another model (SHA-256 {:.12}...) than {} ({:.12}...)",
                    detector.string(), read.model_sha256, model.string(), sha256));
  }
  return read;
}

Scoring::Scoring(const Model& model, const Detector& detector, const std::string& backend,
                 std::function<void(const Outcome&)> on_score)
    : on_score_(std::move(on_score)), workers_([&model, &detector, backend] {
        const Extent& input = model.spec.input;
        return Worker{
            Scorer(model, detector, make_gradient_backend({backend}, model, detector.columns)),
            FixedSizeReader(input.width, input.height, input.channels)};
      }) {
  workers_.local();  // what does not fit is said before the first image is read
}

void Scoring::run_input(const std::string& input) {
  try {
    if (input == "-") {
      run_standard_input();
    } else {
      run_source(input);
    }
  } catch (const Error& error) {
    failures_.push_back(error.what());
  }
}

int Scoring::finish() const {
  for (const std::string& failure : failures_) {
    fmt::print(stderr, "gradspace: {}\n", failure);
  }
  if (!failures_.empty()) {
    fmt::print(stderr, "gradspace: {} images could not be scored\n", failures_.size());
  }
  return failures_.empty() ? 0 : 1;
}

void Scoring::run_source(const std::string& path) {
  const std::unique_ptr<Source> source = open_source(path);
  const bool single = source->size() == 1 && !std::filesystem::is_directory(path);
  for (std::size_t first = 0; first < source->size(); first += kChunk) {
    std::vector<Outcome> outcomes(std::min(kChunk, source->size() - first));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      outcomes[i].image = source->info(first + i);
      outcomes[i].path =
          single ? path : (std::filesystem::path(path) / outcomes[i].image.path).string();
    }
    run_chunk(outcomes,
              [&](std::size_t i, FixedSizeReader& reader, std::span<std::uint8_t> out_hwc) {
                source->load_fitted(first + i, reader, out_hwc);
              });
  }
}

/// Answers as paths come, so that a camera can be at the other end of the pipe.
void Scoring::run_standard_input() {
  std::vector<Outcome> outcomes;
  std::string line;
  while (std::getline(std::cin, line)) {
    if (!line.empty()) {
      outcomes.push_back({line, {}, {}, {}});
    }
    const bool more_at_hand = std::cin.rdbuf()->in_avail() > 0;
    if (outcomes.size() == kChunk || !more_at_hand) {
      run_chunk(outcomes,
                [&](std::size_t i, FixedSizeReader& reader, std::span<std::uint8_t> out_hwc) {
                  reader.read(outcomes[i].path, out_hwc);
                });
      outcomes.clear();
    }
  }
}

void Scoring::run_chunk(std::vector<Outcome>& outcomes, const Load& load) {
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>(0, outcomes.size(), kGrain), [&](const auto& range) {
        score_range(std::span(outcomes).subspan(range.begin(), range.size()), range.begin(), load);
      });
  for (Outcome& outcome : outcomes) {
    if (outcome.failure.empty()) {
      on_score_(outcome);
    } else {
      failures_.push_back(std::move(outcome.failure));
    }
  }
  std::fflush(stdout);
}

void Scoring::score_range(std::span<Outcome> outcomes, std::size_t first, const Load& load) {
  Worker& worker = workers_.local();
  const std::size_t size = worker.reader.size();
  worker.pixels.resize(outcomes.size() * size);
  std::vector<Outcome*> loaded;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    try {
      load(first + i, worker.reader, std::span(worker.pixels).subspan(loaded.size() * size, size));
      loaded.push_back(&outcomes[i]);
    } catch (const Error& error) {
      outcomes[i].failure = error.what();
    }
  }
  const std::vector<ImageScore> scores =
      worker.scorer.score_fitted(std::span(worker.pixels).first(loaded.size() * size));
  for (std::size_t i = 0; i < scores.size(); ++i) {
    loaded[i]->score = scores[i];
  }
}

}  // namespace gradspace::cli

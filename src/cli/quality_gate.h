// What is demanded of images' scores, and what became of it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gradspace/junit.h"

namespace gradspace::cli {

/// No score of a metric may be worse than this.
struct QualityGate {
  std::size_t metric = 0;  ///< its number
  double limit = 0;

  friend bool operator==(const QualityGate&, const QualityGate&) = default;
};

/// "0.95" of the first metric, or limits by name, "ssim=0.95,gmsd=0.1". Throws InvalidArgument for what is no such
/// list, for a limit that is no finite number, and for a metric that is not among `metrics` or stands there twice.
std::vector<QualityGate> parse_quality_gates(const std::string& text,
                                             std::span<const std::string> metrics);

/// An image that was scored, or that could not be.
struct JudgedImage {
  std::string suite;                              ///< JUnit's: the folder
  std::string name;                               ///< JUnit's: the image
  std::string path;                               ///< in messages
  std::span<const std::optional<double>> scores;  ///< by metric; none when it could not be scored
  std::vector<std::string> errors;                ///< why scores are missing
};

/// Holds images against gates, and writes what comes of it into a JUnit file.
class QualityVerdicts {
 public:
  /// `junit`: empty = no file.
  QualityVerdicts(std::vector<QualityGate> gates, std::vector<std::string> metrics,
                  std::filesystem::path junit);

  void judge(JudgedImage image);
  /// Images that have no partner, a line each.
  void add_unmatched(const std::string& suite, std::span<const std::string> lines);

  /// Says on standard error what was worse than demanded, and writes the file. False when anything was.
  bool finish() const;

 private:
  std::string worse_than(const QualityGate& gate, const JudgedImage& image) const;

  std::vector<QualityGate> gates_;
  std::vector<std::string> metrics_;
  std::filesystem::path junit_;
  std::vector<JUnitCase> cases_;
  std::vector<std::string> worse_;
};

}  // namespace gradspace::cli

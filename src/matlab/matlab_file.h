// Numbers and names out of MATLAB files of level 5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gradspace {

/// Whether a file that begins with `start` (128 bytes) may be MATLAB's, of level 5 or 7.3.
bool looks_like_matlab_file(std::span<const std::uint8_t> start);

class MatlabFile {
 public:
  /// Throws IoError, FormatError (also for level 7.3); Error when libmatio is not installed.
  explicit MatlabFile(const std::filesystem::path& path);
  ~MatlabFile();
  MatlabFile(const MatlabFile&) = delete;
  MatlabFile& operator=(const MatlabFile&) = delete;

  bool has(const std::string& variable) const;

  /// A real array of any numeric type and shape, column by column. Throws FormatError unless it has
  /// `count` values, all finite.
  std::vector<double> numbers(const std::string& variable, std::size_t count) const;

  /// A cell array of texts, column by column. Throws FormatError, also when there are over 100 000 of
  /// them or one has over 1000 characters.
  std::vector<std::string> texts(const std::string& variable) const;
  /// The same of exactly `count` texts.
  std::vector<std::string> texts(const std::string& variable, std::size_t count) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradspace

// The words of a text file's lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gradspace::databases {

/// Goes through the lines that are not blank; words are what white space parts.
class Lines {
 public:
  /// `text` must outlive it; `name` starts every message.
  Lines(std::string_view text, std::string name);

  bool next();
  const std::vector<std::string_view>& words() const { return words_; }
  /// Throws FormatError unless the word is a finite number.
  double number(std::size_t word) const;
  /// Throws FormatError that names the line.
  [[noreturn]] void fail(std::string_view why) const;

 private:
  std::string_view rest_;
  std::string name_;
  std::vector<std::string_view> words_;
  std::size_t line_ = 0;
};

}  // namespace gradspace::databases

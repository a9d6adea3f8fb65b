#include "cli/option_values.h"

#include <cmath>
#include <cstdlib>
#include <string>

namespace {

/// Whether CLI11 makes a number of the text, and which.
template <typename Number>
bool is_number(std::string text, const CLI::Validator& validator, Number& number) {
  return validator(text).empty() && CLI::detail::lexical_cast(text, number);
}

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

// Numbers on the command line: what a validator lets through, CLI11 reads as a number of the range.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gradspace::cli;
  const std::string text(reinterpret_cast<const char*>(data), size);
  static const CLI::Validator count = whole_number(1, 9999);
  static const CLI::Validator threads = thread_count();
  static const CLI::Validator seed = seed_number();
  static const CLI::Validator over = number_over(0);
  static const CLI::Validator from = number_from(0);
  static const CLI::Validator share = fraction();
  static const CLI::Validator finite = finite_number();
  int whole = 0;
  check(!is_number(text, count, whole) || (whole >= 1 && whole <= 9999));
  check(!is_number(text, threads, whole) || whole >= 0);
  std::uint64_t wide = 0;
  std::string copy = text;
  check(!seed(copy).empty() || CLI::detail::lexical_cast(copy, wide));
  double number = 0;
  check(!is_number(text, over, number) || (number > 0 && std::isfinite(number)));
  check(!is_number(text, from, number) || (number >= 0 && std::isfinite(number)));
  check(!is_number(text, share, number) || (number > 0 && number < 1));
  check(!is_number(text, finite, number) || std::isfinite(number));
  return 0;
}

#include "cli/option_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "cli/nearest_word.h"

namespace gradspace::cli {
namespace {

/// The whole of `text` as a number; nothing where it is none, or too large.
template <typename Number>
std::optional<Number> parsed(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

/// A validator whose message says which value is wrong and what is wanted.
CLI::Validator number(const std::string& wanted, std::function<bool(double)> fits) {
  return {[wanted, fits = std::move(fits)](const std::string& text) {
            const std::optional<double> value = parsed<double>(text);
            return value && std::isfinite(*value) && fits(*value)
                       ? std::string()
                       : fmt::format("'{}' is not {}", text, wanted);
          },
          ""};
}

CLI::Validator a_value() {
  return {[](const std::string& text) {
            return text.empty() ? std::string("'' is not a value") : std::string();
          },
          ""};
}

/// The names of options that take lists, of a command and its subcommands.
void collect_lists(const CLI::App& app, std::set<std::string>& names) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_delimiter() != '\0') {
      for (const std::string& name : option->get_lnames()) {
        names.insert("--" + name);
      }
    }
  }
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    collect_lists(*subcommand, names);
  }
}

bool has_empty_part(std::string_view list) {
  return list.starts_with(',') || list.ends_with(',') || list.find(",,") != std::string_view::npos;
}

}  // namespace

std::string missing_value(const CLI::App& app, const std::vector<std::string>& arguments) {
  std::set<std::string> lists;
  collect_lists(app, lists);
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string& word = arguments[i];
    const std::size_t sign = word.find('=');
    const std::string name = word.substr(0, sign);
    const bool apart = sign == std::string::npos;
    if (name.starts_with("--") && sign + 1 == word.size()) {
      return fmt::format("{}: there is no value behind the =", name);
    }
    const std::string value = !apart                     ? word.substr(sign + 1)
                              : i + 1 < arguments.size() ? arguments[i + 1]
                                                         : "";
    if (lists.contains(name) && has_empty_part(value)) {
      return fmt::format("{}: '{}' has an empty part", name, value);
    }
  }
  return "";
}

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  const std::string wanted = most == std::numeric_limits<int>::max()
                                 ? fmt::format("a whole number of {} or more", least)
                                 : fmt::format("a whole number from {} to {}", least, most);
  return {[wanted, least, most](const std::string& text) {
            const auto value = parsed<std::uint64_t>(text);
            if (!value || *value < least || *value > most) {
              return fmt::format("'{}' is not {}", text, wanted);
            }
            if (text.size() > 1 && text[0] == '0') {  // CLI11 would take it for an octal number
              return fmt::format("'{}' begins with a zero", text);
            }
            return std::string();
          },
          ""};
}

CLI::Validator thread_count() {
  constexpr std::uint64_t kMost = 4096;
  return whole_number(0, kMost);
}

CLI::Validator seed_number() {
  return whole_number(0, std::numeric_limits<std::uint64_t>::max());
}

CLI::Validator number_over(double bound) {
  return number(fmt::format("a number over {}", bound),
                [bound](double value) { return value > bound; });
}

CLI::Validator number_from(double bound) {
  return number(fmt::format("a number of {} or more", bound),
                [bound](double value) { return value >= bound; });
}

CLI::Validator fraction() {
  return number("a number over 0 and under 1", [](double value) { return value > 0 && value < 1; });
}

CLI::Validator finite_number() {
  return number("a finite number", [](double) { return true; });
}

CLI::Validator one_of(std::vector<std::string> words) {
  return {[words = std::move(words)](std::string& text) -> std::string {
            if (std::find(words.begin(), words.end(), text) != words.end()) {
              return "";
            }
            const std::string guess = nearest_word(text, words);
            return guess.empty() ? fmt::format("'{}' is none of {}", text, fmt::join(words, ", "))
                                 : fmt::format("'{}' is not known; did you mean {}?", text, guess);
          },
          ""};
}

Tiling with_stride(Tiling tiling, const std::string& stride) {
  if (!stride.empty()) {
    const PixelSize distance = parse_pixel_size(stride);
    tiling.stride_x = distance.width;
    tiling.stride_y = distance.height;
  }
  return tiling;
}

AutoencoderSpec autoencoder_of_size(const std::string& size) {
  const PixelSize pixels = parse_pixel_size(size);
  return autoencoder_for(pixels.width, pixels.height);
}

CLI::Validator output_format() {
  return CLI::IsMember({"table", "jsonl", "csv"});
}

void refuse_empty_values(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() > 0) {
      option->check(a_value());
    }
  }
  for (CLI::App* subcommand : app.get_subcommands([](CLI::App*) { return true; })) {
    refuse_empty_values(*subcommand);
  }
}

}  // namespace gradspace::cli

// The words of the command line that stand for types, levels, formats and splits.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "core/named_entries.h"
#include "gradspace/challenge_files.h"
#include "gradspace/error.h"

namespace gradspace::challenge {
namespace {

std::vector<std::string_view> split_at_commas(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(',', begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) {
      return parts;
    }
    begin = end + 1;
  }
}

/// The whole text as a number.
template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  return error == std::errc() && end == last ? std::optional(value) : std::nullopt;
}

}  // namespace

std::vector<Type> parse_types(std::string_view text) {
  std::set<Type> types;
  for (const std::string_view part : split_at_commas(text)) {
    if (part == "all") {
      for (const TypeInfo& info : all_types()) {
        types.insert(info.type);
      }
    } else {
      types.insert(parse_type(part));
    }
  }
  return {types.begin(), types.end()};
}

std::vector<int> parse_levels(std::string_view text) {
  std::set<int> levels;
  for (const std::string_view part : split_at_commas(text)) {
    const std::size_t dash = part.find('-');
    const auto first = number<int>(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number<int>(part.substr(dash + 1));
    if (!first || !last || *first < 1 || *last > kLevels || *first > *last) {
      throw InvalidArgument(
          fmt::format("levels '{}' are not valid; wanted are numbers and ranges within 1 to {}, as "
                      "in 1-{} or 1,3",
                      text, kLevels, kLevels));
    }
    for (int level = *first; level <= *last; ++level) {
      levels.insert(level);
    }
  }
  return {levels.begin(), levels.end()};
}

ImageFormat parse_format(std::string_view text) {
  constexpr std::pair<std::string_view, ImageFormat> kFormats[] = {
      {"bmp", ImageFormat::kBmp}, {"png", ImageFormat::kPng}, {"jpg", ImageFormat::kJpeg}};
  return find_named(kFormats, text, "format", [](const auto& entry) { return entry.first; }).second;
}

std::vector<SetShare> parse_split(std::string_view text) {
  std::vector<SetShare> shares;
  for (const std::string_view part : split_at_commas(text)) {
    const std::size_t equals = part.find('=');
    SetShare share;
    share.set = part.substr(0, equals);
    std::string_view amount =
        equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    share.percent = amount.ends_with('%');
    amount.remove_suffix(share.percent ? 1 : 0);
    const auto count = number<std::size_t>(amount);
    const bool is_set = share.set == "train" || share.set == "val" || share.set == "test";
    const bool repeated = std::any_of(shares.begin(), shares.end(), [&](const SetShare& other) {
      return other.set == share.set;
    });
    if (!is_set || repeated || !count || *count == 0 || (share.percent && *count > 100)) {
      throw InvalidArgument(fmt::format(
          "split '{}' is not valid; wanted is each of train, val, test at most once, as "
          "in train=4000,val=1000,test=20%",
          text));
    }
    share.count = *count;
    shares.push_back(share);
  }
  return shares;
}

}  // namespace gradspace::challenge

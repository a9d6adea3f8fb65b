#include "live/toml_reader.h"

#include <cmath>

#include "cli/nearest_word.h"
#include "live/input_kinds.h"

namespace gradspace::live {
namespace {

std::string type_of(const toml::value& value) {
  std::ostringstream text;
  text << value.type();
  return text.str();
}

bool is_text(const toml::value& value) {
  return value.is_string();
}

bool is_truth(const toml::value& value) {
  return value.is_boolean();
}

bool is_whole(const toml::value& value) {
  return value.is_integer();
}

bool is_number(const toml::value& value) {
  return value.is_integer() || value.is_floating();
}

bool is_list_of_texts(const toml::value& value) {
  return value.is_array() && std::ranges::all_of(value.as_array(), is_text);
}

std::string range_text(Range range) {
  return range.most == std::numeric_limits<double>::max()
             ? fmt::format("at least {:g}", range.least)
             : fmt::format("{:g} to {:g}", range.least, range.most);
}

}  // namespace

TomlReader::TomlReader(TomlFile& file, const toml::value* table, std::string where)
    : file_(file), table_(table), where_(std::move(where)) {}

std::string TomlReader::inner_name(const std::string& name) const {
  if (where_.empty()) {
    return name;
  }
  const auto first = where_.find_first_not_of('[');
  const auto last = where_.find_last_not_of(']');
  return where_.substr(first, last - first + 1) + "." + name;
}

std::size_t TomlReader::line() const {
  return table_ == nullptr ? 1 : table_->location().line();
}

void TomlReader::note(const toml::value& value, std::string text) {
  file_.problems.push_back({value.location().line(), std::move(text)});
}

const toml::value* TomlReader::at(const std::string& name) const {
  if (table_ == nullptr || !table_->is_table()) {
    return nullptr;
  }
  const auto& entries = table_->as_table();
  const auto found = entries.find(name);
  return found == entries.end() ? nullptr : &found->second;
}

const toml::value* TomlReader::find(const char* name) {
  known_.emplace_back(name);
  return at(name);
}

void TomlReader::require_table() {
  if (table_ != nullptr && !table_->is_table()) {
    note(*table_, fmt::format("{} is a table; this is of type {}", where_, type_of(*table_)));
    table_ = nullptr;
  }
}

void TomlReader::wrong_type(const char* name, const toml::value& value, std::string_view wanted) {
  note(value, fmt::format("{} is of type {}; wanted {}", inner_name(name), type_of(value), wanted));
}

void TomlReader::field(const char* name, std::string& value, Text text) {
  const toml::value* found = find(name, is_text, "a text in quotes");
  if (found == nullptr) {
    return;
  }
  value = found->as_string().str;
  if (text == Text::kNotEmpty && value.empty()) {
    note(*found, fmt::format("{} is empty", inner_name(name)));
  }
  if (value.find('\0') != std::string::npos) {
    note(*found, fmt::format("{} has a zero byte in it", inner_name(name)));
  }
}

void TomlReader::field(const char* name, std::filesystem::path& value) {
  std::string text;
  field(name, text, Text::kAny);
  if (has(name)) {
    value = text.empty() ? std::filesystem::path() : (file_.folder / text).lexically_normal();
  }
}

void TomlReader::field(const char* name, bool& value) {
  const toml::value* found = find(name, is_truth, "true or false");
  if (found == nullptr) {
    return;
  }
  value = found->as_boolean();
}

void TomlReader::field(const char* name, double& value, Range range) {
  const toml::value* found = find(name, is_number, "a number");
  if (found == nullptr) {
    return;
  }
  const double number =
      found->is_integer() ? static_cast<double>(found->as_integer()) : found->as_floating();
  if (!(number >= range.least && number <= range.most)) {
    note(*found, fmt::format("{} = {:g}; wanted {}", inner_name(name), number, range_text(range)));
    return;
  }
  value = number;
}

std::optional<std::int64_t> TomlReader::whole_number(const char* name, Range range) {
  const toml::value* found = find(name, is_whole, "a whole number");
  if (found == nullptr) {
    return std::nullopt;
  }
  const std::int64_t number = found->as_integer();
  if (static_cast<double>(number) < range.least || static_cast<double>(number) > range.most) {
    note(*found, fmt::format("{} = {}; wanted {}", inner_name(name), number, range_text(range)));
    return std::nullopt;
  }
  return number;
}

void TomlReader::field(const char* name, std::vector<std::string>& value) {
  const toml::value* found = find(name, is_list_of_texts, "a list of texts in quotes");
  if (found == nullptr) {
    return;
  }
  value.clear();
  for (const toml::value& item : found->as_array()) {
    value.push_back(item.as_string().str);
    if (value.back().find('\0') != std::string::npos) {
      note(item, fmt::format("{} has a zero byte in it", inner_name(name)));
    }
  }
}

void TomlReader::field(const char* name, CameraInputKind& value) {
  const toml::value* found = find(name, is_text, "a text in quotes");
  if (found == nullptr) {
    return;
  }
  const std::string& word = found->as_string().str;
  if (const auto kind = input_kind(word)) {
    value = *kind;
    return;
  }
  const std::string near = cli::nearest_word(word, input_kind_words());
  note(*found,
       fmt::format("{} = \"{}\" is no kind of input; {}", inner_name(name), word,
                   near.empty() ? fmt::format("wanted {}", fmt::join(input_kind_words(), ", "))
                                : fmt::format("did you mean \"{}\"?", near)));
}

std::vector<const toml::value*> TomlReader::list(const char* name) {
  const toml::value* found = find(name);
  if (found == nullptr) {
    return {};
  }
  if (!found->is_array()) {
    wrong_type(name, *found, fmt::format("a list of tables, [[{}]]", name));
    return {};
  }
  std::vector<const toml::value*> tables;
  for (const toml::value& item : found->as_array()) {
    if (!item.is_table()) {
      wrong_type(name, item, fmt::format("a list of tables, [[{}]]", name));
      return {};
    }
    tables.push_back(&item);
  }
  return tables;
}

void TomlReader::finish() {
  if (table_ == nullptr || !table_->is_table()) {
    return;
  }
  for (const auto& [key, value] : table_->as_table()) {
    if (std::ranges::find(known_, key) != known_.end()) {
      continue;
    }
    const std::string near = cli::nearest_word(key, known_);
    note(value, fmt::format("unknown key \"{}\"{}{}", key, where_.empty() ? "" : " in " + where_,
                            near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  }
}

}  // namespace gradspace::live

#include "live/configuration.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <system_error>

#include "gradspace/error.h"
#include "gradspace/utf8_text.h"
#include "live/listen_address.h"
#include "live/toml_reader.h"
#include "live/toml_writer.h"

namespace gradspace::live {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFileBytes = std::size_t{1} << 20;

/// The end of a comment, or of a text in quotes, that begins at `begin`; `begin` itself where none does.
std::size_t end_of_text(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  if (quote == '#') {
    return std::min(text.find('\n', begin), text.size());
  }
  if (quote != '"' && quote != '\'') {
    return begin;
  }
  const std::string three(3, quote);
  const bool many_lines = text.substr(begin, three.size()) == three;
  for (std::size_t i = begin + (many_lines ? three.size() : 1); i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (many_lines ? text.substr(i, three.size()) == three : text[i] == quote) {
      return i + (many_lines ? three.size() : 1);
    } else if (!many_lines && text[i] == '\n') {
      return i;  // toml11 goes no further
    }
  }
  return text.size();
}

/// toml11 parses nested lists and dotted keys by functions that call themselves: a line of ten thousand brackets would
/// end the process. No file of ours has lines like that.
bool nests_too_deeply(std::string_view text) {
  constexpr int kMost = 100;
  int brackets = 0;
  int dots = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t end = end_of_text(text, i); end != i) {
      i = end;
      continue;
    }
    const char c = text[i++];
    dots = c == '\n' ? 0 : dots + (c == '.' ? 1 : 0);
    brackets += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
    brackets = std::max(brackets, 0);
    if (brackets > kMost || dots > kMost) {
      return true;
    }
  }
  return false;
}

/// What toml11 complains of, in a line: its messages draw the place in the file.
std::string first_line(std::string_view what) {
  std::string text(what.substr(0, what.find('\n')));
  for (const std::string_view head : {"[error] ", "toml::"}) {
    if (text.starts_with(head)) {
      text.erase(0, head.size());
    }
  }
  return text;
}

/// The first line, from 1, with a byte that is no UTF-8. toml11 reads beyond its buffers where it finds one in a text.
std::optional<std::size_t> line_without_utf8(std::string_view text) {
  std::size_t line = 1;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) {
      return line;
    }
    line += text[i] == '\n' ? 1 : 0;
    i += length;
  }
  return std::nullopt;
}

std::optional<toml::value> parse_toml(std::string_view text, const std::string& name,
                                      std::vector<Problem>& problems) {
  if (text.size() > kMostFileBytes) {
    problems.push_back(
        {1, fmt::format("{} bytes; a configuration has at most {}", text.size(), kMostFileBytes)});
    return std::nullopt;
  }
  if (const std::optional<std::size_t> line = line_without_utf8(text)) {
    problems.push_back({*line, "is no TOML: has bytes that are no UTF-8"});
    return std::nullopt;
  }
  if (nests_too_deeply(text)) {
    problems.push_back({1, "lists or keys are nested too deeply"});
    return std::nullopt;
  }
  try {
    std::istringstream in{std::string(text)};
    return toml::parse(in, name);
  } catch (const toml::exception& error) {
    problems.push_back({error.location().line(), "is no TOML: " + first_line(error.what())});
  } catch (const std::exception& error) {
    problems.push_back({1, "is no TOML: " + first_line(error.what())});
  }
  return std::nullopt;
}

/// Where an input's address is a file of ours, it is relative to the configuration's folder.
void resolve_address(CameraInput& input, const fs::path& folder) {
  const bool address = input.kind == CameraInputKind::kPush || input.address.empty() ||
                       input.address == "-" || input.address.find("://") != std::string::npos;
  if (!address) {
    input.address = (folder / input.address).lexically_normal().string();
  }
}

bool is_camera_name(const std::string& name) {
  constexpr std::size_t kMost = 64;
  return !name.empty() && name.size() <= kMost && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
}

/// What has to do with several keys of a camera.
void check_camera(TomlReader& reader, const toml::value& table, const CameraOptions& camera,
                  std::set<std::string>& names) {
  const auto require = [&](bool holds, const std::string& text) {
    if (!holds) {
      reader.note(table, fmt::format("camera \"{}\" {}", camera.name, text));
    }
  };
  if (!reader.has("name")) {
    reader.note(table, "a camera has no name");
  } else {
    require(is_camera_name(camera.name),
            "has a name of other characters than letters, digits, '-', '_', or of more than 64");
    require(names.insert(camera.name).second, "is there twice");
  }
  require(reader.has("kind"),
          fmt::format("has no kind; wanted {}", fmt::join(input_kind_words(), ", ")));
  require(!camera.detector.empty(), "has no detector, and [defaults] has none");
  const CameraInputKind kind = camera.input.kind;
  require(kind == CameraInputKind::kPush || !camera.input.address.empty(), "has no address");
  require(kind != CameraInputKind::kPush || camera.input.address.empty(),
          "is pushed to and has no address");
  const bool has_size = camera.input.width > 0 && camera.input.height > 0;
  require(kind != CameraInputKind::kRaw || has_size, "is raw: wanted width and height");
  require(camera.alarms.raise_after <= camera.alarms.raise_within,
          fmt::format("has raise_after = {} over raise_within = {}", camera.alarms.raise_after,
                      camera.alarms.raise_within));
}

void read_cameras(TomlReader& top, TomlFile& file, const toml::value* defaults_table,
                  Settings& settings) {
  CameraOptions defaults;
  TomlReader defaults_reader(file, defaults_table, "[defaults]");
  if (defaults_table != nullptr && defaults_table->is_table()) {
    visit_judgement(defaults_reader, defaults);
    defaults_reader.finish();
  } else if (defaults_table != nullptr) {
    defaults_reader.note(*defaults_table, "[defaults] is a table");
  }
  std::set<std::string> names;
  for (const toml::value* table : top.list("camera")) {
    CameraOptions camera = defaults;
    TomlReader reader(file, table, "[[camera]]");
    visit_camera(reader, camera);
    reader.finish();
    resolve_address(camera.input, file.folder);
    check_camera(reader, *table, camera, names);
    settings.monitor.cameras.push_back(std::move(camera));
  }
}

/// What has to do with several keys of the file.
void check_settings(const Settings& settings, std::vector<Problem>& problems) {
  const auto require = [&](bool holds, std::string text) {
    if (!holds) {
      problems.push_back({1, std::move(text)});
    }
  };
  require(!settings.monitor.cameras.empty(), "has no camera; wanted a [[camera]] at least");
  require(!settings.monitor.folder.empty(),
          "has no folder for what the monitor has come to (folder = \"/var/lib/...\")");
  if (settings.http.enabled) {
    const auto address = parse_listen_address(settings.http.listen);
    require(address.has_value(),
            fmt::format(
                "http.listen = \"{}\"; wanted address:port, such as 127.0.0.1:8477 or [::1]:8477",
                settings.http.listen));
    const bool token =
        !settings.http.token_file.empty() || !settings.http.token_environment.empty();
    require(
        !address || address->loopback || token,
        fmt::format(
            "http.listen = \"{}\" can be reached from other machines: wanted http.token_file or "
            "http.token_environment",
            settings.http.listen));
  }
  const std::string& url = settings.outputs.webhook.url;
  require(url.empty() || url.starts_with("http://") || url.starts_with("https://"),
          fmt::format("outputs.webhook.url = \"{}\"; wanted http:// or https://", url));
  const std::string& broker = settings.outputs.mqtt.broker;
  require(broker.empty() || broker.starts_with("tcp://") || broker.starts_with("ssl://"),
          fmt::format("outputs.mqtt.broker = \"{}\"; wanted tcp:// or ssl://", broker));
  const std::string& topic = settings.outputs.mqtt.topic;
  require(topic.find_first_of("+#") == std::string::npos,
          fmt::format("outputs.mqtt.topic = \"{}\"; a topic to publish has no + or #", topic));
}

}  // namespace

Configuration parse_configuration(std::string_view text, const std::string& name,
                                  const fs::path& folder) {
  Configuration configuration;
  TomlFile file{folder};
  if (const auto root = parse_toml(text, name, file.problems)) {
    TomlReader top(file, &*root, "");
    visit_settings(top, configuration.settings);
    const toml::value* defaults = nullptr;
    if (root->is_table() && root->contains("defaults")) {
      defaults = &root->as_table().at("defaults");
    }
    read_cameras(top, file, defaults, configuration.settings);
    top.know("defaults");
    top.finish();
    if (file.problems.empty()) {
      check_settings(configuration.settings, file.problems);
    }
  }
  std::ranges::stable_sort(file.problems, {}, &Problem::line);
  for (const Problem& problem : file.problems) {
    configuration.problems.push_back(fmt::format("{}:{}: {}", name, problem.line, problem.text));
  }
  return configuration;
}

Configuration read_configuration(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::error_code ignored;
  if (!in || fs::is_directory(file, ignored)) {
    throw IoError(fmt::format("{}: can't be read", file.string()));
  }
  std::string text(kMostFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return parse_configuration(text, file.string(), fs::absolute(file).parent_path());
}

Settings read_settings(const fs::path& file) {
  Configuration configuration = read_configuration(file);
  if (!configuration.problems.empty()) {
    const std::size_t more = configuration.problems.size() - 1;
    throw FormatError(configuration.problems.front() +
                      (more == 0 ? "" : fmt::format(" (and {} more; see monitor --check)", more)));
  }
  return std::move(configuration.settings);
}

std::vector<std::string> missing_files(const Settings& settings, const std::string& name) {
  std::vector<std::string> lines;
  const auto require = [&](const std::string& what, const fs::path& file, int mode) {
    std::error_code ignored;
    if (!file.empty() && (::access(file.c_str(), mode) != 0 || fs::is_directory(file, ignored))) {
      lines.push_back(fmt::format("{}: {} {}: {}", name, what, file.string(),
                                  !fs::exists(file, ignored) ? "is not there"
                                  : mode == X_OK             ? "can't be run"
                                                             : "can't be read"));
    }
  };
  for (const CameraOptions& camera : settings.monitor.cameras) {
    require(fmt::format("camera \"{}\": detector", camera.name), camera.detector, R_OK);
    require(fmt::format("camera \"{}\": model", camera.name), camera.model, R_OK);
    require(fmt::format("camera \"{}\": causes", camera.name), camera.causes, R_OK);
  }
  const OutputSettings& outputs = settings.outputs;
  require("http.token_file", settings.http.token_file, R_OK);
  require("outputs.webhook.secret_file", outputs.webhook.secret_file, R_OK);
  require("outputs.webhook.ca_file", outputs.webhook.ca_file, R_OK);
  require("outputs.mqtt.password_file", outputs.mqtt.password_file, R_OK);
  require("outputs.mqtt.ca_file", outputs.mqtt.ca_file, R_OK);
  if (!outputs.command.arguments.empty()) {
    const std::string& program = outputs.command.arguments.front();
    if (!fs::path(program).is_absolute()) {
      lines.push_back(
          fmt::format("{}: outputs.command.arguments: \"{}\" is no absolute path", name, program));
    } else {
      require("outputs.command.arguments:", program, X_OK);
    }
  }
  return lines;
}

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

void TomlWriter::field(const char* name, const std::vector<std::string>& value) {
  std::vector<std::string> texts;
  std::ranges::transform(value, std::back_inserter(texts), toml_text);
  line(name, fmt::format("[{}]", fmt::join(texts, ", ")));
}

std::string configuration_text(const Settings& settings) {
  std::string out;
  Settings copy = settings;  // visitors take what they could change
  TomlWriter top(out, "");
  visit_settings(top, copy);
  for (CameraOptions& camera : copy.monitor.cameras) {
    out += "\n[[camera]]\n";
    TomlWriter writer(out, "camera");
    visit_camera(writer, camera);
  }
  return out;
}

}  // namespace gradspace::live

#include <fmt/format.h>

#include <array>
#include <set>

#include "core/file.h"
#include "core/named_entries.h"
#include "core/text.h"
#include "gradspace/error.h"
#include "gradspace/opinion_database.h"
#include "opinions/database.h"

// One line a database: the function that lists it, in a file of its own; name; summary; whether larger
// opinions are better. A list in the form of a CSV comes after them all.
#define GRADSPACE_OPINION_DATABASES(DATABASE)                                         \
  DATABASE(list_tid2013, "tid2013", "TID2013", true)                                  \
  DATABASE(list_live, "live", "LIVE release 2", false)                                \
  DATABASE(list_live_multiply_distorted, "live-md", "LIVE multiply distorted", false) \
  DATABASE(list_kadid, "kadid", "KADID-10k", true)

namespace gradspace {
namespace databases {

// `files` is the database's folder. They throw IoError, FormatError.
#define DATABASE(function, ...) List function(AnyCaseFiles& files);
GRADSPACE_OPINION_DATABASES(DATABASE)
#undef DATABASE

}  // namespace databases

namespace {

using databases::AnyCaseFiles;

struct Entry {
  OpinionDatabaseInfo info;
  bool larger_is_better;
  databases::List (*list)(AnyCaseFiles& files);  ///< null for csv, whose path is a file
};

constexpr std::array kEntries{
#define DATABASE(function, name, summary, larger_is_better) \
  Entry{{name, summary}, larger_is_better, databases::function},
    GRADSPACE_OPINION_DATABASES(DATABASE)
#undef DATABASE
        Entry{{"csv", "a file reference,distorted,score[,type[,std]]"}, true, nullptr},
};

constexpr auto kInfos = infos_of(kEntries);

/// The pairs whose files are there.
void keep_present(const databases::List& list, AnyCaseFiles& files, OpinionDatabase& database) {
  std::set<std::string> missing;
  const auto find_file = [&](const std::string& name) {
    auto found = files.find(name);
    if (!found && missing.insert(name).second) {
      database.missing.push_back(printable(name, 200));
    }
    return found;
  };
  for (const databases::ListedPair& pair : list) {
    const auto reference = find_file(pair.reference);
    const auto distorted = find_file(pair.distorted);
    if (reference && distorted) {
      database.pairs.push_back({*reference, *distorted, pair.type, pair.opinion, pair.deviation});
    }
  }
  if (database.pairs.empty()) {
    throw FormatError(fmt::format("{}: of {} pairs that {} lists none has both its files here",
                                  files.root().string(), list.size(), database.name));
  }
}

}  // namespace

std::span<const OpinionDatabaseInfo> all_opinion_databases() {
  return kInfos;
}

OpinionDatabase open_opinion_database(std::string_view name, const std::filesystem::path& path) {
  const Entry& entry = find_named(kEntries, name, "database");
  OpinionDatabase database;
  database.name = name;
  database.larger_is_better = entry.larger_is_better;
  database.root = path;
  if (entry.list == nullptr) {
    database.root = path.has_parent_path() ? path.parent_path() : ".";
  } else if (!std::filesystem::is_directory(path)) {
    throw IoError(fmt::format("{}: is not a folder", path.string()));
  }
  AnyCaseFiles files(database.root);
  const databases::List list = entry.list == nullptr
                                   ? databases::parse_csv_list(read_text_file(path), path.string())
                                   : entry.list(files);
  database.listed = list.size();
  keep_present(list, files, database);
  return database;
}

}  // namespace gradspace

#include "gradspace/feature_table.h"

#include <algorithm>
#include <string>

#include "core/csv.h"
#include "core/watched.h"
#include "data/feature_index.h"
#include "gradspace/table_file.h"

namespace gradspace {
namespace {

constexpr std::size_t kRowsAWrite = 4096;

}  // namespace

bool write_feature_table(const FeatureSet& set, const std::filesystem::path& path,
                         const JobObserver& observer) {
  Watched watched(observer);
  TableFile file(path);
  const std::vector<FeatureBlock>& columns = set.meta().columns;
  const bool has_values = std::ranges::all_of(
      columns, [](const FeatureBlock& block) { return block.end - block.begin == 1; });
  std::string header(index_header(set.meta()));
  if (has_values) {
    header.pop_back();
    for (const FeatureBlock& block : columns) {
      header += ',' + csv_field(text(block));
    }
    header += '\n';
  }
  file.write(header);
  CsvWriter lines;
  for (std::size_t i = 0; i < set.size(); ++i) {
    add_index_fields(lines, i, set.index_row(i));
    if (has_values) {
      for (const float value : set.row(i)) {
        lines.add(value);
      }
    }
    lines.end_row();
    if ((i + 1) % kRowsAWrite == 0 || i + 1 == set.size()) {
      file.write(lines.text());
      lines.clear();
      watched.progress(i + 1, set.size());
      if (watched.stop()) {
        return false;
      }
    }
  }
  file.commit();
  return true;
}

}  // namespace gradspace

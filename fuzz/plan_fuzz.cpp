#include <cstdlib>
#include <string_view>

#include "cluster/part_record.h"
#include "cluster/plan_file.h"
#include "data/feature_meta.h"
#include "gradspace/error.h"

// What lies in the folder of a job in shards: plan.json, part.json, set.json. A plan or record that is read and written
// comes out the same when that is done again.
namespace {

using namespace gradspace;

template <typename Parse, typename Write>
void come_back(std::string_view text, const Parse& parse, const Write& write) {
  try {
    const std::string ours = write(parse(text));
    if (write(parse(ours)) != ours) {
      std::abort();
    }
  } catch (const FormatError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  come_back(
      text, [](std::string_view file) { return parse_plan(file, "plan.json"); }, plan_to_json);
  come_back(
      text, [](std::string_view file) { return parse_part_record(file, "part.json"); },
      part_record_to_json);
  try {
    const FeatureMetaFile file = parse_feature_meta(text, "set.json");
    set_manifest_to_json(file.meta, file.parts);
  } catch (const FormatError&) {
  }
  return 0;
}

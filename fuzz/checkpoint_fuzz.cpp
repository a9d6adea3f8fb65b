#include "train/checkpoint.h"

#include <cstdlib>

#include "core/hash.h"
#include "core/json.h"
#include "decoder/decoder_checkpoint.h"
#include "fuzz_folder.h"
#include "gradspace/error.h"
#include "gradspace/safetensors.h"

namespace {

using namespace gradspace;

/// Reads with the identity that the file itself claims, and writes again.
void read(const std::filesystem::path& file, const SafeTensors& content) {
  const auto identity = content.metadata.find("identity");
  if (identity == content.metadata.end()) {
    return;
  }
  const nlohmann::json claimed = parse_json(identity->second, "fuzz");
  if (content.metadata.contains("history")) {
    write_checkpoint(file, claimed, read_checkpoint(file, claimed));
    static_cast<void>(read_checkpoint(file, claimed));
  } else {
    quality::write_decoder_checkpoint(file, claimed,
                                      quality::read_decoder_checkpoint(file, claimed));
    static_cast<void>(quality::read_decoder_checkpoint(file, claimed));
  }
}

}  // namespace

// Checkpoints of both trainings. Their checksum is made to fit, so that what lies behind it is tried as well.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FuzzFolder folder;
  try {
    SafeTensors content = parse_safetensors({data, size}, "fuzz");
    if (const auto history = content.metadata.find("history"); history != content.metadata.end()) {
      content.metadata["sha256"] = content_digest(history->second, content.tensors);
    }
    const std::vector<std::uint8_t> bytes = serialise_safetensors(content);
    read(folder.put("checkpoint", bytes), content);
  } catch (const FormatError&) {
  }
  return 0;
}

// The zip archive that `torch.save` has written since PyTorch 1.6: `<root>/data.pkl` and the raw
// values of each storage in `<root>/data/<key>`, nothing compressed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradspace {

class TorchArchive {
 public:
  /// `bytes` must outlive the object. Throws FormatError for anything else, by name: PyTorch's
  /// legacy format, TorchScript, a bare pickle, compressed or overlapping entries.
  TorchArchive(std::span<const std::uint8_t> bytes, std::string name);
  ~TorchArchive();
  TorchArchive(const TorchArchive&) = delete;
  TorchArchive& operator=(const TorchArchive&) = delete;

  /// The content of `<root>/<entry>`, its checksum verified. Throws FormatError when it isn't
  /// there, is damaged, or is not of `wanted_bytes`.
  std::vector<std::uint8_t> read(const std::string& entry, std::uint64_t wanted_bytes) const;
  /// The same at whatever size, up to `most_bytes`.
  std::vector<std::uint8_t> read_up_to(const std::string& entry, std::uint64_t most_bytes) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether the first bytes are those of a file that torch.save writes or once wrote: a zip archive
/// or a pickle.
bool looks_like_torch_file(std::span<const std::uint8_t> bytes);

}  // namespace gradspace

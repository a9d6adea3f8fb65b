// SHA-256, for the identity of files and data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gradspace/tensor.h"

namespace gradspace {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::span<const std::uint8_t> bytes);
  /// Lower-case hex. Call once, last.
  std::string finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string sha256_hex(std::span<const std::uint8_t> bytes);

/// Throws IoError.
std::string sha256_hex_of_file(const std::filesystem::path& path);

/// SHA-256 over a text and all tensors, for a checkpoint to hold: one flipped bit would quietly lead to
/// other weights.
std::string content_digest(std::string_view text, const TensorMap& tensors);

}  // namespace gradspace

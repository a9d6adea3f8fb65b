#include "core/hash.h"

#include <sha2.h>

#include <array>

#include "core/file.h"
#include "core/text.h"

namespace gradspace {

struct Sha256::Context {
  SHA2_CTX state;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  SHA256Init(&context_->state);
}

Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::uint8_t> bytes) {
  SHA256Update(&context_->state, bytes.data(), bytes.size());
}

std::string Sha256::finish() {
  std::array<char, SHA256_DIGEST_STRING_LENGTH> text{};
  SHA256End(&context_->state, text.data());
  return text.data();
}

std::string sha256_hex(std::span<const std::uint8_t> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string sha256_hex_of_file(const std::filesystem::path& path) {
  return sha256_hex(read_file(path));
}

std::string content_digest(std::string_view text, const TensorMap& tensors) {
  Sha256 hash;
  hash.update(bytes_of(text));
  for (const auto& [name, tensor] : tensors) {
    hash.update(bytes_of(name));
    hash.update(bytes_of(shape_text(tensor.shape)));
    hash.update({reinterpret_cast<const std::uint8_t*>(tensor.values.data()),
                 tensor.values.size() * sizeof(float)});
  }
  return hash.finish();
}

}  // namespace gradspace

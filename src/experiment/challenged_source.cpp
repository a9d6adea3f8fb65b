#include "experiment/challenged_source.h"

#include <utility>

namespace gradspace {
namespace {

class ChallengedSource : public Source {
 public:
  ChallengedSource(std::shared_ptr<const Source> clean, challenge::Type type, int level,
                   std::uint64_t seed, std::string prefix, const challenge::Options& options)
      : clean_(std::move(clean)),
        type_(type),
        level_(level),
        seed_(seed),
        prefix_(std::move(prefix)),
        options_(options) {}

  SourceKind kind() const override { return clean_->kind(); }
  std::size_t size() const override { return clean_->size(); }

  ImageInfo info(std::size_t i) const override {
    ImageInfo info = clean_->info(i);
    info.challenge = static_cast<int>(type_);
    info.level = level_;
    return info;
  }

  Image load(std::size_t i) const override {
    const std::uint64_t seed = challenge::image_seed(seed_, type_, prefix_ + clean_->info(i).path);
    return challenge::apply(clean_->load(i), type_, level_, seed, options_);
  }

  std::vector<std::filesystem::path> files(std::size_t i) const override {
    return clean_->files(i);
  }
  std::span<const std::string> skipped() const override { return clean_->skipped(); }

 private:
  std::shared_ptr<const Source> clean_;
  challenge::Type type_;
  int level_;
  std::uint64_t seed_;
  std::string prefix_;
  challenge::Options options_;
};

}  // namespace

std::unique_ptr<Source> challenged(std::shared_ptr<const Source> clean, challenge::Type type,
                                   int level, std::uint64_t seed, std::string prefix,
                                   const challenge::Options& options) {
  return std::make_unique<ChallengedSource>(std::move(clean), type, level, seed, std::move(prefix),
                                            options);
}

}  // namespace gradspace

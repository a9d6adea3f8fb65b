#include <fmt/format.h>

#include <optional>
#include <vector>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/codec.h"
#include "image/memory_budget.h"
#include "image/raw_image.h"
#include "image/row_resizer.h"

namespace gradspace {

namespace {

/// Memory that is larger than this is not kept for the next image, and what decoders hold of an image is taken out of
/// the budget where it is more.
constexpr std::size_t kMostKept = std::size_t{1} << 24;

/// For what the decoders of all readers together hold of images that do not come row by row: seven photographs of 12
/// megapixels. Readers are one a thread, and there may be many; larger images wait for one another.
MemoryBudget& held_images() {
  static MemoryBudget budget(std::uint64_t{1} << 28);
  return budget;
}

/// Rows on their way from a decoder to the resizer. Its share of the budget lives as long as it does.
class RowsToFit final : public RowSink {
 public:
  RowsToFit(RowResizer& resizer, int width, int height, int channels, std::uint8_t* out)
      : resizer_(resizer), width_(width), height_(height), channels_(channels), out_(out) {}

  void begin(const RowLayout& layout) override {
    resizer_.begin(layout, width_, height_, channels_, out_);
  }
  void expect_memory(std::size_t bytes) override {
    if (bytes > kMostKept) {
      share_.emplace(held_images(), bytes);
    }
  }
  std::uint8_t* place() override { return resizer_.place(); }
  void take(const std::uint8_t* row) override { resizer_.take(row); }

 private:
  RowResizer& resizer_;
  int width_;
  int height_;
  int channels_;
  std::uint8_t* out_;
  std::optional<MemoryBudget::Share> share_;
};

}  // namespace

struct FixedSizeReader::State {
  int width;
  int height;
  int channels;
  std::optional<codec::LeastSize> least;  ///< of fast decoding
  std::vector<std::uint8_t> file;
  RowResizer resizer;

  std::size_t size() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
           static_cast<std::size_t>(channels);
  }

  void check_size(std::span<const std::uint8_t> out) const {
    if (out.size() != size()) {
      throw InvalidArgument(fmt::format("pixels of {}x{}x{} need {} bytes, got room for {}", width,
                                        height, channels, size(), out.size()));
    }
  }
};

FixedSizeReader::FixedSizeReader(int width, int height, int channels, Decoding decoding)
    : state_(std::make_unique<State>(State{width, height, channels, {}, {}, {}})) {
  checked_sample_count(width, height, channels);
  if (decoding == Decoding::kFast) {
    state_->least = {std::int64_t{2} * width, std::int64_t{2} * height};
  }
}

FixedSizeReader::~FixedSizeReader() = default;
FixedSizeReader::FixedSizeReader(FixedSizeReader&&) noexcept = default;
FixedSizeReader& FixedSizeReader::operator=(FixedSizeReader&&) noexcept = default;

std::size_t FixedSizeReader::size() const {
  return state_->size();
}

void FixedSizeReader::read(const std::filesystem::path& path, std::span<std::uint8_t> out_hwc) {
  read_file(path, state_->file);
  decode(state_->file, path.native(), out_hwc);
  if (state_->file.size() > kMostKept) {
    state_->file = {};
  }
}

void FixedSizeReader::decode(std::span<const std::uint8_t> bytes, std::string_view name,
                             std::span<std::uint8_t> out_hwc) {
  State& state = *state_;
  state.check_size(out_hwc);
  RowsToFit rows(state.resizer, state.width, state.height, state.channels, out_hwc.data());
  codec::decode(bytes, name, rows, state.least);
}

void FixedSizeReader::fit(const ImageView& image, std::span<std::uint8_t> out_hwc) {
  State& state = *state_;
  state.check_size(out_hwc);
  resize_view(image, state.width, state.height, state.channels, state.resizer, out_hwc.data());
}

std::span<std::uint8_t> FixedSizeReader::scratch(std::size_t bytes) {
  state_->file.resize(bytes);
  return state_->file;
}

}  // namespace gradspace

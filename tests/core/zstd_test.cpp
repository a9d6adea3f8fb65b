#include "core/zstd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "gradspace/error.h"
#include "sources/source_files.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using testing::Bytes;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class ZstdReaderTest : public ::testing::Test {
 protected:
  const std::filesystem::path& packed_file(const Bytes& packed) {
    write_file(path_, packed);
    return path_;
  }

  /// What the reader makes of a file of these bytes, read in pieces.
  Bytes read_packed(const Bytes& packed, std::size_t piece) {
    const RandomAccessFile file(packed_file(packed));
    ZstdReader reader(file);
    Bytes all;
    Bytes block(piece);
    std::size_t got = 0;
    do {
      got = reader.read(block);
      all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(got));
    } while (got == piece);
    return all;
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "f.zst";
};

TEST_F(ZstdReaderTest, GivesBackWhatWasCompressed) {
  const Bytes plain = testing::counting_bytes(300'000);
  for (const std::size_t piece : {7UL, 4096UL, 300'000UL, 400'000UL}) {
    EXPECT_EQ(read_packed(testing::zstd(plain), piece), plain);
  }
  EXPECT_TRUE(is_zstd(RandomAccessFile(path_)));
  EXPECT_FALSE(is_zstd(RandomAccessFile(packed_file(plain))));
  EXPECT_FALSE(is_zstd(RandomAccessFile(packed_file({0x28, 0xB5, 0x2F}))));
}

TEST_F(ZstdReaderTest, ReadsSeveralFramesAsOneAndSkipsWhatIsToBeSkipped) {
  const Bytes first = testing::counting_bytes(1000);
  const Bytes second = testing::counting_bytes(77);
  Bytes packed = {0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 'x', 'y', 'z'};
  for (const Bytes& part : {testing::zstd(first), testing::zstd(second)}) {
    packed.insert(packed.end(), part.begin(), part.end());
  }
  Bytes both = first;
  both.insert(both.end(), second.begin(), second.end());
  EXPECT_EQ(read_packed(packed, 100), both);
  EXPECT_TRUE(is_zstd(RandomAccessFile(path_)));
}

TEST_F(ZstdReaderTest, NoticesTruncationAtEveryByte) {
  const Bytes packed = testing::zstd(testing::counting_bytes(500));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const Bytes cut(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THAT([&] { read_packed(cut, 1000); },
                ThrowsMessage<FormatError>(HasSubstr("f.zst: truncated Zstandard data")))
        << size << " of " << packed.size();
  }
}

TEST_F(ZstdReaderTest, NoticesAWrongChecksumAndTrailingGarbage) {
  Bytes packed = testing::zstd(testing::counting_bytes(500));
  Bytes garbage = packed;
  garbage.insert(garbage.end(), {1, 2, 3, 4, 5});
  EXPECT_THAT([&] { read_packed(garbage, 1000); },
              ThrowsMessage<FormatError>(HasSubstr("damaged")));
  packed.back() ^= 1U;
  EXPECT_THAT([&] { read_packed(packed, 1000); },
              ThrowsMessage<FormatError>(HasSubstr("f.zst: damaged Zstandard data")));
}

TEST_F(ZstdReaderTest, RefusesAWindowThatTakesTooMuchMemory) {
  // No size of the content, a window of 256 MiB (10 + 18 bits), and one last block of no bytes.
  EXPECT_THAT(
      [&] {
        read_packed({0x28, 0xB5, 0x2F, 0xFD, 0x00, 18 << 3, 1, 0, 0}, 1000);
      },
      ThrowsMessage<FormatError>(HasSubstr("a window of more than 128 MiB")));
  EXPECT_EQ(read_packed({0x28, 0xB5, 0x2F, 0xFD, 0x00, 17 << 3, 1, 0, 0}, 1000), Bytes());
}

TEST_F(ZstdReaderTest, RefusesFewBytesThatStandForVeryMany) {
  constexpr std::uint32_t kBlock = 1U << 17;
  Bytes packed = {0x28, 0xB5, 0x2F, 0xFD, 0x00, 10 << 3};
  for (std::uint64_t size = 0; size <= max_zstd_size(0); size += kBlock) {
    constexpr std::uint32_t kRepeatedByte = 1;
    constexpr std::uint32_t kHeader = kBlock << 3 | kRepeatedByte << 1;
    packed.insert(packed.end(), {kHeader & 0xFF, kHeader >> 8 & 0xFF, kHeader >> 16, 0});
  }
  const RandomAccessFile file(packed_file(packed));
  ZstdReader reader(file);
  Bytes block(std::size_t{1} << 20);
  std::uint64_t read = 0;
  EXPECT_THAT(
      [&] {
        while (reader.read(block) == block.size()) {
          read += block.size();
        }
      },
      ThrowsMessage<FormatError>(HasSubstr("which no images do")));
  EXPECT_EQ(read, max_zstd_size(packed.size()));
}

TEST_F(ZstdReaderTest, GivesBackWhatWasWrittenInAnyPieces) {
  const Bytes plain = testing::counting_bytes(700'000);
  const std::string_view text(reinterpret_cast<const char*>(plain.data()), plain.size());
  for (const std::size_t piece : {1000UL, 500'000UL, 700'000UL}) {
    Bytes packed;
    ZstdCompressor compressor([&](std::span<const std::uint8_t> bytes) {
      packed.insert(packed.end(), bytes.begin(), bytes.end());
    });
    for (std::size_t begin = 0; begin < text.size(); begin += piece) {
      compressor.write(text.substr(begin, piece));
    }
    compressor.finish();
    EXPECT_LT(packed.size(), plain.size() / 10);
    EXPECT_EQ(read_packed(packed, 100'000), plain);
  }
}

TEST(MaxZstdSize, GrowsWithTheFileAndDoesNotOverflow) {
  EXPECT_EQ(max_zstd_size(0), std::uint64_t{256} << 20);
  EXPECT_EQ(max_zstd_size(1'000'000), 1'032'000'000);
  EXPECT_EQ(max_zstd_size(UINT64_MAX / 2), UINT64_MAX);
}

}  // namespace
}  // namespace gradspace

#include "core/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gradspace/error.h"
#include "sources/source_files.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using testing::Bytes;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class GzipReaderTest : public ::testing::Test {
 protected:
  /// What the reader makes of a file of these bytes, read in pieces.
  Bytes read_back(const Bytes& packed, std::size_t piece) {
    write_file(folder_ / "f.gz", packed);
    const RandomAccessFile file(folder_ / "f.gz");
    GzipReader reader(file);
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
};

TEST_F(GzipReaderTest, GivesBackWhatWasPacked) {
  const Bytes plain = testing::counting_bytes(300'000);
  for (const std::size_t piece : {7UL, 4096UL, 400'000UL}) {
    EXPECT_EQ(read_back(testing::gzip(plain), piece), plain);
  }
}

TEST_F(GzipReaderTest, ReadsSeveralMembersAsOne) {
  const Bytes first = testing::counting_bytes(1000);
  const Bytes second = testing::counting_bytes(77);
  Bytes packed = testing::gzip(first);
  const Bytes more = testing::gzip(second);
  packed.insert(packed.end(), more.begin(), more.end());
  Bytes both = first;
  both.insert(both.end(), second.begin(), second.end());
  EXPECT_EQ(read_back(packed, 100), both);
}

TEST_F(GzipReaderTest, NoticesTruncationAtEveryByte) {
  const Bytes packed = testing::gzip(testing::counting_bytes(500));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const Bytes cut(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THROW(read_back(cut, 1000), FormatError) << size << " of " << packed.size();
  }
}

TEST_F(GzipReaderTest, NoticesAWrongChecksumAndTrailingGarbage) {
  Bytes packed = testing::gzip(testing::counting_bytes(500));
  Bytes garbage = packed;
  garbage.insert(garbage.end(), {1, 2, 3});
  EXPECT_THAT([&] { read_back(garbage, 1000); }, ThrowsMessage<FormatError>(HasSubstr("damaged")));
  packed[packed.size() - 8] ^= 1U;
  EXPECT_THAT([&] { read_back(packed, 1000); },
              ThrowsMessage<FormatError>(HasSubstr("f.gz: damaged gzip data")));
}

}  // namespace
}  // namespace gradspace

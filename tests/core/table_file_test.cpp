#include "gradspace/table_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "core/zstd.h"
#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

TEST(TableFile, IsThereWhenItIsWhole) {
  const testing::TemporaryFolder folder;
  for (const char* name : {"t.csv", "t.csv.zst"}) {
    const std::filesystem::path path = folder / name;
    {
      TableFile unfinished(path);
      unfinished.write("a,b\n");
    }
    EXPECT_FALSE(std::filesystem::exists(path));
    TableFile file(path);
    file.write("a,b\n");
    EXPECT_FALSE(std::filesystem::exists(path));
    file.write("1,2\n");
    file.commit();
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_EQ(read_text_file(folder / "t.csv"), "a,b\n1,2\n");
  const RandomAccessFile packed(folder / "t.csv.zst");
  ASSERT_TRUE(is_zstd(packed));
  std::vector<std::uint8_t> bytes(100);
  bytes.resize(ZstdReader(packed).read(bytes));
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "a,b\n1,2\n");
}

TEST(TableFile, OfAnotherNameIsRefused) {
  for (const char* name : {"t", "t.zst", "t.csv.gz", "csv", "t.CSV"}) {
    EXPECT_THROW(TableFile{name}, InvalidArgument) << name;
  }
}

}  // namespace
}  // namespace gradspace

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "gradspace/cluster.h"
#include "gradspace/error.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;

class ShardList : public ::testing::Test {
 protected:
  std::vector<Shard> read(std::string_view text) {
    write_file(folder_ / "list", text);
    return read_shard_list(folder_ / "list");
  }

  std::string refusal(std::string_view text) {
    try {
      read(text);
    } catch (const FormatError& error) {
      return error.what();
    }
    return {};
  }

  testing::TemporaryFolder folder_;
};

TEST_F(ShardList, IsOneUriALine) {
  EXPECT_EQ(read("a/b\n\n# remark\n  pipe:cat x, y  \r\nlast"),
            (std::vector<Shard>{{"a/b"}, {"pipe:cat x, y"}, {"last"}}));
}

TEST_F(ShardList, IsATableWhereItsHeaderHasUris) {
  EXPECT_EQ(read("uri,bytes,rows\na,10,3\n\"b,c\",,\n"),
            (std::vector<Shard>{{"a", 10, 3}, {"b,c"}}));
  EXPECT_EQ(read("rows,uri,sha256\n3,a,00ff\n"), (std::vector<Shard>{{"a", {}, 3, "00ff"}}));
}

TEST_F(ShardList, IsRefusedWhereItIsNeither) {
  EXPECT_THAT(refusal(""), HasSubstr("list: lists no shard"));
  EXPECT_THAT(refusal("uri,rows\na,many\n"), HasSubstr("line 2"));
  EXPECT_THAT(refusal("uri,rows\na,-1\n"), HasSubstr("line 2"));
  EXPECT_THAT(refusal("uri,rows\na,1,2\n"), HasSubstr("line 2"));
  EXPECT_THROW(read_shard_list(folder_ / "absent"), IoError);
}

TEST(ShardNames, AreWhatUrisDoNotHaveInCommon) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(shard_names({{"/d/a/s1"}, {"/d/a/s10"}, {"/d/b/s1"}}),
            (Names{"a/s1", "a/s10", "b/s1"}));
  EXPECT_EQ(shard_names({{"/d/a/s1"}}), (Names{"s1"}));
  EXPECT_EQ(shard_names({{"x1"}, {"x2"}}), (Names{"x1", "x2"}));
  EXPECT_EQ(shard_names({{"pipe:get s3:b/1.tar"}, {"pipe:get s3:b/2.tar"}}),
            (Names{"1.tar", "2.tar"}));
}

}  // namespace
}  // namespace gradspace

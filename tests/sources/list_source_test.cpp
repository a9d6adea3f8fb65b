// Lists of image files as sources.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gradspace/error.h"
#include "sources/source_files.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class ListSourceTest : public ::testing::Test {
 protected:
  ListSourceTest() {
    std::filesystem::create_directories(folder_ / "images");
    write_image(folder_ / "images/a.png", Image(2, 1, 1, {1, 1}));
    write_image(folder_ / "images/b.png", Image(2, 1, 1, {2, 2}));
  }

  std::unique_ptr<Source> open(const std::string& name, std::string_view text) {
    write_file(folder_ / name, text);
    return open_source(folder_ / name);
  }

  testing::TemporaryFolder folder_;
};

TEST_F(ListSourceTest, ReadsLinesTablesAndObjects) {
  const std::string rooted = (folder_ / "images/b.png").string();
  const auto lists = {
      open("a.txt", "images/a.png\r\n\n" + rooted + "\n"),
      open("a.csv", "class,path,set\n,images/a.png,\n5," + rooted + ",test\n"),
      open("a.jsonl", R"({"path": "images/a.png"})"
                      "\n"
                      R"({"path": ")" +
                          rooted + R"(", "class": 5, "set": "test", "more": [1]})")};
  for (const std::unique_ptr<Source>& source : lists) {
    EXPECT_EQ(source->kind(), SourceKind::kList);
    ASSERT_EQ(source->size(), 2U);
    EXPECT_EQ(source->info(0).path, "images/a.png");
    EXPECT_EQ(source->info(0).object_class, -1);
    EXPECT_EQ("/" + source->info(1).path, rooted) << "that it is below a folder";
    EXPECT_EQ(source->load(1), Image(2, 1, 1, {2, 2}));
    testing::expect_fitted_as_loaded(*source);
  }
  for (const std::unique_ptr<Source>& source :
       {open("b.csv", "class,path,set\n5,images/a.png,test\n")}) {
    EXPECT_EQ(source->info(0).object_class, 5);
    EXPECT_EQ(source->info(0).set, "test");
  }
}

TEST_F(ListSourceTest, MissingFilesCostNoOther) {
  const std::unique_ptr<Source> source =
      open("a.lst", "images/none.png\n../../pipe:true\nimages/a.png\n");
  EXPECT_THAT([&] { source->load(0); }, ThrowsMessage<IoError>(HasSubstr("none.png")));
  EXPECT_THAT([&] { source->load(1); }, ThrowsMessage<IoError>(HasSubstr("pipe:true")));
  EXPECT_EQ(source->info(1).path, "pipe:true") << "what is made of it stays below its folder";
  EXPECT_EQ(source->load(2), Image(2, 1, 1, {1, 1}));
}

TEST_F(ListSourceTest, RefusesWhatIsNoList) {
  const auto opening = [&](const std::string& name, const std::string& text) {
    return [=, this] { open(name, text); };
  };
  EXPECT_THAT(opening("a.lst", "\n\n"), ThrowsMessage<FormatError>(HasSubstr("lists no image")));
  EXPECT_THAT(opening("notes.txt", "to do\n"),
              ThrowsMessage<FormatError>(HasSubstr("neither an image")));
  EXPECT_THAT(opening("a.txt", "x.png\n/\n"),
              ThrowsMessage<FormatError>(HasSubstr("image 2: no path")));
  EXPECT_THAT(opening("a.csv", "file\nx.png\n"),
              ThrowsMessage<FormatError>(HasSubstr("neither an image")));
  EXPECT_THAT(opening("a.csv", "path,class\nx.png,many\n"),
              ThrowsMessage<FormatError>(HasSubstr("class")));
  EXPECT_THAT(opening("a.jsonl", "{\"path\": 3}\n"),
              ThrowsMessage<FormatError>(HasSubstr("object 1")));
  EXPECT_THAT(opening("a.jsonl", "{\"path\": \"x\"}\n{\n"),
              ThrowsMessage<FormatError>(HasSubstr("object 2")));
}

}  // namespace
}  // namespace gradspace

// Tar archives as sources: what they hold, in whatever form, and what is wrong with them.
#include "data/tar_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "data/brace_range.h"
#include "data/tar_index.h"
#include "gradspace/error.h"
#include "sources/source_files.h"
#include "sources/tar_files.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::pax_record;
using testing::tar_blocks;
using testing::tar_end;
using testing::tar_file;
using testing::tar_header;
using ::testing::ThrowsMessage;

/// A grey picture of 2x1 pixels, as PGM.
std::string picture(std::uint8_t value) {
  return "P5 2 1 255\n" + std::string(2, static_cast<char>(value));
}

class TarSourceTest : public ::testing::Test {
 protected:
  std::string write(const std::string& name, std::string_view bytes) {
    write_file(folder_ / name, bytes);
    return (folder_ / name).string();
  }

  static std::vector<std::string> paths_of(const Source& source) {
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < source.size(); ++i) {
      paths.push_back(source.info(i).path);
    }
    return paths;
  }

  static std::vector<std::string> skipped_of(const Source& source) {
    return {source.skipped().begin(), source.skipped().end()};
  }

  testing::TemporaryFolder folder_;
};

TEST_F(TarSourceTest, ReadsSamplesWithTheirClassesInTheArchivesOrder) {
  const std::string file = write(
      "a.tar", tar_header("train/", 0, '5') + tar_file("./train/b.pgm", picture(7)) +
                   tar_file("train/b.cls", "12\n") + tar_file("train/a.json", R"({"label": 3})") +
                   tar_file("train/a.seg.pgm", picture(9)) + tar_file("train/a.txt", "a sign") +
                   tar_file("c", picture(1)) + tar_file("notes.md", "no image") + tar_end());
  const std::unique_ptr<Source> source = open_source(file);
  EXPECT_EQ(source->kind(), SourceKind::kTar);
  EXPECT_THAT(paths_of(*source), ElementsAre("train/b.pgm", "train/a.seg.pgm", "c"));
  EXPECT_EQ(source->info(0).object_class, 12);
  EXPECT_EQ(source->info(1).object_class, 3);
  EXPECT_EQ(source->info(2).object_class, -1);
  EXPECT_EQ(source->info(0).set, "train");
  EXPECT_EQ(source->info(2).set, "");
  EXPECT_EQ(source->load(1), Image(2, 1, 1, {9, 9}));
  EXPECT_THAT(source->files(0), ElementsAre(std::filesystem::path(file)));
  EXPECT_THAT(skipped_of(*source), ElementsAre("notes.md: not an image"));
  testing::expect_fitted_as_loaded(*source);
}

TEST_F(TarSourceTest, ReadsNamesOfAnyLengthOfEveryFormat) {
  const std::string deep(150, 'd');
  const std::string gnu = "g/" + deep + ".pgm";
  const std::string pax = "p/" + deep + ".pgm";
  const std::string records = pax_record("mtime", "1.5") + pax_record("path", pax);
  const std::string name_of_gnu = gnu + '\0';
  const std::unique_ptr<Source> source = open_source(write(
      "a.tar", tar_header("x.pgm", picture(1).size(), '0', "a/prefix") + tar_blocks(picture(1)) +
                   tar_header("././@LongLink", name_of_gnu.size(), 'L') + tar_blocks(name_of_gnu) +
                   tar_file("cut.pgm", picture(2)) + tar_header("header", records.size(), 'x') +
                   tar_blocks(records) + tar_file("cut.pgm", picture(3)) +
                   tar_file("short.pgm", picture(4)) + tar_end()));
  EXPECT_THAT(paths_of(*source), ElementsAre("a/prefix/x.pgm", gnu, pax, "short.pgm"));
  for (std::uint8_t i = 0; i < 4; ++i) {
    const auto value = static_cast<std::uint8_t>(i + 1);
    EXPECT_EQ(source->load(i), Image(2, 1, 1, {value, value}));
  }
}

TEST_F(TarSourceTest, TakesSizesOfPaxHeadersAndInBinary) {
  std::string header = tar_header("big.pgm", 0);
  header[124] = static_cast<char>(0x80);
  std::fill_n(header.begin() + 125, 11, '\0');
  header[135] = static_cast<char>(picture(5).size());
  std::fill_n(header.begin() + 148, 8, ' ');
  unsigned sum = 0;
  for (const char byte : header) {
    sum += static_cast<std::uint8_t>(byte);
  }
  header.replace(148, 7, fmt::format("{:06o}", sum) + '\0');
  const std::string record = pax_record("size", std::to_string(picture(6).size()));
  const std::unique_ptr<Source> source = open_source(
      write("a.tar", header + tar_blocks(picture(5)) + tar_header("h", record.size(), 'x') +
                         tar_blocks(record) + tar_header("pax.pgm", 0) + tar_blocks(picture(6)) +
                         tar_end()));
  ASSERT_EQ(source->size(), 2U);
  EXPECT_EQ(source->load(0), Image(2, 1, 1, {5, 5}));
  EXPECT_EQ(source->load(1), Image(2, 1, 1, {6, 6}));
}

TEST_F(TarSourceTest, PassesOverWhatIsNoImageFileAndStaysInStep) {
  std::string sparse = tar_header("sparse.pgm", 512, 'S');
  sparse[482] = 1;
  std::fill_n(sparse.begin() + 148, 8, ' ');
  unsigned sum = 0;
  for (const char byte : sparse) {
    sum += static_cast<std::uint8_t>(byte);
  }
  sparse.replace(148, 7, fmt::format("{:06o}", sum) + '\0');
  const std::string record = pax_record("GNU.sparse.major", "1");
  const std::unique_ptr<Source> source = open_source(
      write("a.tar", tar_header("link.pgm", 0, '2') + tar_header("hard.pgm", 900, '1') + sparse +
                         std::string(512, '\0') + std::string(512, 'x') +
                         tar_header("h", record.size(), 'x') + tar_blocks(record) +
                         tar_file("pax-sparse.pgm", picture(1)) + tar_header("device", 0, '3') +
                         tar_file("../out.pgm", picture(1)) + tar_file(".hidden.pgm", picture(1)) +
                         tar_file("/rooted.pgm", picture(8)) + tar_file("rooted.pgm", picture(1)) +
                         tar_file("x.cls", "many") + tar_file("y.json", "{") + tar_end()));
  EXPECT_THAT(paths_of(*source), ElementsAre("rooted.pgm"));
  EXPECT_EQ(source->load(0), Image(2, 1, 1, {8, 8}));
  EXPECT_THAT(skipped_of(*source),
              ElementsAre("link.pgm: a link", "hard.pgm: a link", "sparse.pgm: a sparse file",
                          "pax-sparse.pgm: a sparse file", "device: no file",
                          "../out.pgm: its name leads out of the archive", ".hidden.pgm: hidden",
                          "rooted.pgm: is there twice; the first is taken",
                          "x.cls: no whole number from 0 on", HasSubstr("y.json: ")));
}

TEST_F(TarSourceTest, ReadsWhatIsInFrontOfDamage) {
  const std::string whole = tar_file("a.pgm", picture(1)) + tar_file("b.pgm", picture(2));
  const std::string file =
      write("a.tar", whole + tar_header("c.pgm", 5000) + std::string(600, 'x'));
  const std::unique_ptr<Source> source = open_source(file);
  EXPECT_THAT(paths_of(*source), ElementsAre("a.pgm", "b.pgm"));
  EXPECT_THAT(skipped_of(*source),
              ElementsAre(file + ": damaged or truncated: at byte 2560 5000 bytes are promised, "
                                 "but 600 are left"));
  const std::unique_ptr<Source> unmarked = open_source(write("b.tar", whole));
  EXPECT_THAT(skipped_of(*unmarked),
              ElementsAre(HasSubstr("b.tar: has no end mark: it may be truncated")));
  const std::unique_ptr<Source> garbled =
      open_source(write("c.tar", whole + std::string(512, 'x') + tar_end()));
  EXPECT_THAT(skipped_of(*garbled), ElementsAre(HasSubstr("there is no tar header")));
}

TEST_F(TarSourceTest, RefusesWhatHoldsNoImage) {
  const auto opening = [&](const std::string& name, const std::string& bytes) {
    return [file = write(name, bytes)] { open_source(file); };
  };
  EXPECT_THAT(
      opening("empty.tar", tar_file("notes.md", "x") + tar_end()),
      ThrowsMessage<FormatError>(HasSubstr("empty.tar: no image found in it (1 passed over")));
  EXPECT_THAT(
      opening("huge.tar", tar_header("a.pgm", (std::uint64_t{1} << 33) - 1)),
      ThrowsMessage<FormatError>(HasSubstr("8589934591 bytes are promised, but 0 are left")));
  EXPECT_THAT(opening("long.tar", tar_header("././@LongLink", 100 << 20, 'L') + tar_end()),
              ThrowsMessage<FormatError>(HasSubstr("are promised")));
  EXPECT_THAT(opening("pax.tar", tar_header("h", 5, 'x') + tar_blocks("99 a=") + tar_end()),
              ThrowsMessage<FormatError>(HasSubstr("a pax header's record is none")));
  EXPECT_THAT([&] { open_source(folder_ / "none-{00..03}.tar"); },
              ThrowsMessage<IoError>(HasSubstr("none-00.tar")));
}

TEST_F(TarSourceTest, JoinsShards) {
  write("s-08.tar", tar_file("0.pgm", picture(1)) + tar_end());
  write("s-09.tar", tar_file("0.pgm", picture(2)) + tar_file("0.cls", "4") + tar_end());
  write("s-10.tar", "damaged" + std::string(600, 'x'));
  const std::unique_ptr<Source> source = open_source(folder_ / "s-{08..10}.tar");
  EXPECT_THAT(paths_of(*source), ElementsAre("s-08.tar/0.pgm", "s-09.tar/0.pgm"));
  EXPECT_EQ(source->info(1).object_class, 4);
  EXPECT_EQ(source->load(1), Image(2, 1, 1, {2, 2}));
  EXPECT_THAT(skipped_of(*source), ElementsAre(HasSubstr("s-10.tar: damaged or truncated")));
  EXPECT_EQ(paths_of(*open_source(folder_.path())), paths_of(*source)) << "a folder of shards";
}

TEST_F(TarSourceTest, ReadsMoreShardsThanMayBeOpen) {
  for (int i = 0; i < 150; ++i) {
    write(fmt::format("{}.tar", i),
          tar_file("x.pgm", picture(static_cast<std::uint8_t>(i))) + tar_end());
  }
  const std::unique_ptr<Source> source = open_source(folder_ / "{0..149}.tar");
  for (const std::size_t i : {0U, 149U, 3U, 77U, 149U, 0U}) {
    const auto value = static_cast<std::uint8_t>(i);
    EXPECT_EQ(source->load(i), Image(2, 1, 1, {value, value}));
  }
}

TEST_F(TarSourceTest, ReadsWhatGzipHasCompressed) {
  const std::string content = tar_file("a.pgm", picture(3)) + tar_end();
  const std::string file = (folder_ / "a.tar.gz").string();
  gzFile gz = gzopen(file.c_str(), "wb");
  gzwrite(gz, content.data(), static_cast<unsigned>(content.size()));
  gzclose(gz);
  const std::unique_ptr<Source> source = open_source(file);
  EXPECT_EQ(source->load(0), Image(2, 1, 1, {3, 3}));
  EXPECT_THAT(source->files(0), ElementsAre(std::filesystem::path(file)));
}

TEST_F(TarSourceTest, ReadsWhatZstandardHasCompressed) {
  const std::string content = tar_file("a.pgm", picture(3)) + tar_end();
  const testing::Bytes packed = testing::zstd(testing::Bytes(content.begin(), content.end()));
  for (const char* name : {"a.tar.zst", "b.tzst"}) {
    write_file(folder_ / name, packed);
    const std::unique_ptr<Source> source = open_source(folder_ / name);
    EXPECT_EQ(source->load(0), Image(2, 1, 1, {3, 3}));
    EXPECT_THAT(source->files(0), ElementsAre(folder_ / name));
  }
  EXPECT_THAT(paths_of(*open_source(folder_ / "")), ElementsAre("a.tar.zst/a.pgm", "b.tzst/a.pgm"));
  SourceOptions options;
  options.commands = true;
  EXPECT_EQ(
      open_source("pipe:cat '" + (folder_ / "a.tar.zst").string() + "'", SourceKind::kAuto, options)
          ->load(0),
      Image(2, 1, 1, {3, 3}));
}

TEST_F(TarSourceTest, RefusesDamagedZstandardData) {
  const std::string content = tar_file("a.pgm", std::string(4000, 'x')) + tar_end();
  testing::Bytes packed = testing::zstd(testing::Bytes(content.begin(), content.end()));
  packed.resize(packed.size() - 1);
  write_file(folder_ / "a.tar.zst", packed);
  EXPECT_THAT([&] { open_source(folder_ / "a.tar.zst"); },
              ThrowsMessage<FormatError>(HasSubstr("a.tar.zst: truncated Zstandard data")));
}

TEST_F(TarSourceTest, RunsCommandsWhereTheyAreAllowed) {
  const std::string file = write("a.tar", tar_file("a.pgm", picture(3)) + tar_end());
  SourceOptions options;
  options.commands = true;
  const std::unique_ptr<Source> source =
      open_source("pipe:cat '" + file + "'", SourceKind::kAuto, options);
  EXPECT_EQ(source->load(0), Image(2, 1, 1, {3, 3}));
  EXPECT_THAT(source->files(0), IsEmpty());
  EXPECT_THAT([&] { open_source("pipe:cat '" + file + "'"); },
              ThrowsMessage<InvalidArgument>(HasSubstr("command line")));
  EXPECT_THAT([&] { open_source("pipe:cat '" + file + "'; exit 3", SourceKind::kAuto, options); },
              ThrowsMessage<IoError>(HasSubstr("the command ended with status 3")));
  EXPECT_THAT([&] { open_source("pipe:true", SourceKind::kAuto, options); },
              ThrowsMessage<FormatError>(HasSubstr("pipe:true: no image found")));
}

TEST(BraceRanges, AreExpanded) {
  EXPECT_THAT(expand_ranges("a.tar"), ElementsAre("a.tar"));
  EXPECT_THAT(expand_ranges("s-{008..010}.tar"),
              ElementsAre("s-008.tar", "s-009.tar", "s-010.tar"));
  EXPECT_THAT(expand_ranges("{9..10}/{0..1}"), ElementsAre("9/0", "9/1", "10/0", "10/1"));
  EXPECT_THAT(expand_ranges("{x}{1..1}{..}"), ElementsAre("{x}1{..}"));
  EXPECT_THAT([] { expand_ranges("{3..2}"); }, ThrowsMessage<InvalidArgument>(HasSubstr("empty")));
  EXPECT_THAT([] { expand_ranges("{0..999}{0..9999}"); },
              ThrowsMessage<InvalidArgument>(HasSubstr("more than 1000000")));
  EXPECT_THAT([] { expand_ranges("{0..18446744073709551615}"); },
              ThrowsMessage<InvalidArgument>(HasSubstr("more than")));
}

}  // namespace
}  // namespace gradspace

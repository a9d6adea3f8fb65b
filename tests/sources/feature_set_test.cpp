#include "gradspace/feature_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <memory>

#include "core/checksum.h"
#include "gradspace/error.h"
#include "gradspace/npy.h"
#include "sources/source_files.h"
#include "support/damage.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using testing::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

constexpr std::size_t kDimension = 5;

FeatureSetMeta example_meta(std::uint64_t images) {
  FeatureSetMeta meta;
  meta.columns = {{"down.6", Loss::kKld, 0, 3}, {"mu", std::nullopt, 3, 5}};
  meta.model_sha256 = "c0ffee";
  meta.source = "some/folder";
  meta.version = "1.2.3";
  meta.options_json = R"({"features":"down.6:kld,mu"})";
  meta.source_images = images;
  meta.source_digest = "0123";
  return meta;
}

FeatureRow example_row(std::uint64_t i) {
  FeatureRow row;
  row.image.path = "folder, with \"quotes\"\n/" + std::to_string(i) + ".bmp";
  row.image.set = "train";
  row.image.challenge = static_cast<int>(i % 13);
  row.image.level = static_cast<int>(i % 6);
  row.label = row.image.challenge == 0 ? 1 : 0;
  row.bce = 0.1F * static_cast<float>(i);
  row.kld = 1.0F / static_cast<float>(i + 1);
  return row;
}

float example_value(std::uint64_t row, std::size_t column) {
  return static_cast<float>(row) + 0.01F * static_cast<float>(column);
}

bool is_example_failure(std::uint64_t image) {
  return image % 10 == 7;
}

/// Appends the images [begin, end) of an imagined source whose every tenth image is broken.
void append_examples(FeatureSetWriter& writer, std::uint64_t begin, std::uint64_t end) {
  std::vector<FeatureRow> rows;
  std::vector<float> values;
  std::vector<FailedImage> failures;
  for (std::uint64_t image = begin; image < end; ++image) {
    if (is_example_failure(image)) {
      failures.push_back({std::to_string(image), "broken"});
      continue;
    }
    rows.push_back(example_row(image));
    for (std::size_t column = 0; column < kDimension; ++column) {
      values.push_back(example_value(image, column));
    }
  }
  writer.append(rows, values, end, failures);
}

/// All files of a folder, by name.
std::map<std::string, Bytes> content_of(const fs::path& folder) {
  std::map<std::string, Bytes> content;
  for (const auto& entry : fs::directory_iterator(folder)) {
    content[entry.path().filename().string()] = read_file(entry.path());
  }
  return content;
}

class FeatureSetTest : public ::testing::Test {
 protected:
  void write_whole(const std::string& name, std::uint64_t images = 40) {
    FeatureSetWriter writer(folder_ / name, example_meta(images));
    append_examples(writer, 0, images);
    writer.finish();
  }

  /// As version 0.1.0 wrote it: without checksums, so that other checks are reached.
  void write_without_checksums(const std::string& name) {
    write_whole(name);
    damage(name + "/meta.json", [](std::string& text) {
      nlohmann::json meta = parse_sealed_json(text, "meta.json");
      meta.erase("checksums");
      text = meta.dump(2);
    });
  }

  /// Changes a file of a set as a vandal would.
  void damage(const std::string& file, const std::function<void(std::string&)>& change) {
    std::string text = read_text_file(folder_ / file);
    change(text);
    write_file(folder_ / file, text);
  }

  std::string error_of_opening(const std::string& name) {
    try {
      FeatureSet(folder_ / name);
    } catch (const FormatError& error) {
      return error.what();
    }
    return "no error";
  }

  testing::TemporaryFolder folder_;
};

TEST_F(FeatureSetTest, GivesBackWhatWasWritten) {
  write_whole("set");
  const FeatureSet set(folder_ / "set");
  EXPECT_EQ(set.dimension(), kDimension);
  ASSERT_EQ(set.size(), 36U);
  std::size_t row = 0;
  for (std::uint64_t image = 0; image < 40; ++image) {
    if (is_example_failure(image)) {
      continue;
    }
    for (std::size_t column = 0; column < kDimension; ++column) {
      EXPECT_EQ(set.row(row)[column], example_value(image, column));
    }
    const FeatureRow wanted = example_row(image);
    for (const FeatureRow& read : {set.index()[row], set.index_row(row)}) {
      EXPECT_EQ(read.image.path, wanted.image.path);
      EXPECT_EQ(read.image.set, wanted.image.set);
      EXPECT_EQ(read.image.challenge, wanted.image.challenge);
      EXPECT_EQ(read.image.level, wanted.image.level);
      EXPECT_EQ(read.label, wanted.label);
      EXPECT_EQ(read.bce, wanted.bce);
      EXPECT_EQ(read.kld, wanted.kld);
    }
    ++row;
  }
  EXPECT_THAT(set.failures(),
              ElementsAre(FailedImage{"7", "broken"}, FailedImage{"17", "broken"},
                          FailedImage{"27", "broken"}, FailedImage{"37", "broken"}));
  const FeatureSetMeta wanted = example_meta(40);
  EXPECT_EQ(set.meta().columns, wanted.columns);
  EXPECT_EQ(set.meta().model_sha256, wanted.model_sha256);
  EXPECT_EQ(set.meta().source, wanted.source);
  EXPECT_EQ(set.meta().version, wanted.version);
  EXPECT_EQ(set.meta().options_json, wanted.options_json);
  EXPECT_EQ(set.meta().source_images, 40U);
  EXPECT_EQ(set.meta().source_digest, wanted.source_digest);
}

TEST_F(FeatureSetTest, NumPyReadsTheMatrix) {
  write_whole("set");
  if (std::string(GRADSPACE_PYTHON).find("NOTFOUND") != std::string::npos) {
    GTEST_SKIP() << "python3 is not installed";
  }
  const std::string script =
      "import csv, json, numpy, sys\n"
      "f = numpy.load('features.npy', mmap_mode='r')\n"
      "assert f.shape == (36, 5) and f.dtype == numpy.float32, f.shape\n"
      "assert abs(f[35, 4] - 39.04) < 1e-5, f[35, 4]\n"
      "rows = list(csv.DictReader(open('index.csv', newline='')))\n"
      "assert len(rows) == 36 and rows[35]['row'] == '35'\n"
      "assert rows[1]['path'] == 'folder, with \"quotes\"\\n/1.bmp', rows[1]\n"
      "assert json.load(open('meta.json'))['columns'][0] == "
      "{'layer': 'down.6', 'loss': 'kld', 'begin': 0, 'end': 3}\n";
  write_file(folder_ / "check.py", script);
  const std::string command =
      "cd " + (folder_ / "set").string() + " && " GRADSPACE_PYTHON " ../check.py";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST_F(FeatureSetTest, NothingIsVisibleBeforeFinish) {
  FeatureSetWriter writer(folder_ / "set/", example_meta(10));
  append_examples(writer, 0, 10);
  EXPECT_FALSE(fs::exists(folder_ / "set"));
  EXPECT_TRUE(fs::exists(folder_ / "set.partial"));
  writer.finish();
  EXPECT_TRUE(fs::exists(folder_ / "set"));
  EXPECT_FALSE(fs::exists(folder_ / "set.partial"));
  EXPECT_THAT(content_of(folder_ / "set"), ::testing::SizeIs(4));
}

TEST_F(FeatureSetTest, WithoutFailuresThereIsNoSuchFile) {
  FeatureSetWriter writer(folder_ / "set", example_meta(5));
  append_examples(writer, 0, 5);
  writer.finish();
  EXPECT_FALSE(fs::exists(folder_ / "set/failures.csv"));
  EXPECT_THAT(FeatureSet(folder_ / "set").failures(), IsEmpty());
}

TEST_F(FeatureSetTest, ContinuesToTheSameBytes) {
  write_whole("whole");
  std::uint64_t done = 0;
  for (const std::uint64_t stop : {0U, 1U, 8U, 25U}) {
    FeatureSetWriter writer(folder_ / "set", example_meta(40));
    EXPECT_EQ(writer.images_done(), done);
    append_examples(writer, done, stop);
    done = stop;
  }
  FeatureSetWriter writer(folder_ / "set", example_meta(40));
  EXPECT_EQ(writer.images_done(), 25U);
  EXPECT_EQ(writer.rows(), 23U);
  append_examples(writer, 25, 40);
  writer.finish();
  EXPECT_EQ(content_of(folder_ / "set"), content_of(folder_ / "whole"));
}

TEST_F(FeatureSetTest, HalfWrittenRowsBeyondTheNoteAreForgotten) {
  write_whole("whole");
  {
    append_examples(*std::make_unique<FeatureSetWriter>(folder_ / "set", example_meta(40)), 0, 20);
  }
  // As after a kill in the middle of a write: more than the note says, and not whole rows.
  const auto add = [&](const std::string& file, const std::string& more) {
    damage("set.partial/" + file, [&](std::string& text) { text += more; });
  };
  add("features.npy", std::string(kDimension * 4 + 3, 'x'));
  add("index.csv", "18,\"fold");
  add("failures.csv", "27,");
  FeatureSetWriter writer(folder_ / "set", example_meta(40));
  EXPECT_EQ(writer.images_done(), 20U);
  append_examples(writer, 20, 40);
  writer.finish();
  EXPECT_EQ(content_of(folder_ / "set"), content_of(folder_ / "whole"));
}

TEST_F(FeatureSetTest, APartialSetThatIsDamagedIsBegunAnew) {
  const std::vector<std::pair<std::string, std::function<void(std::string&)>>> damages = {
      {"features.npy", [](std::string& text) { text.resize(text.size() - 1); }},
      {"index.csv", [](std::string& text) { text.resize(text.size() - 5); }},
      {"failures.csv", [](std::string& text) { text.pop_back(); }},
      {"progress.json", [](std::string& text) { text.pop_back(); }},
      {"progress.json", [](std::string& text) { text = R"({"rows": -1})"; }},
      {"progress.json", [](std::string& text) { text = "[]"; }},
      {"progress.json",
       [](std::string& text) {
         text = R"({"rows": 9223372036854775807, "images_done": 20, "index_bytes": 1,
                    "failures_bytes": 1})";
       }},
      {"meta.json", [](std::string& text) { text.pop_back(); }},
      {"features.npy", [](std::string& text) { text[140] ^= 1; }},
      {"index.csv", [](std::string& text) { text[60] ^= 1; }},
      {"failures.csv", [](std::string& text) { text[14] ^= 1; }},
      {"progress.json", [](std::string& text) { text[text.find("images_done") + 13] ^= 1; }},
  };
  write_whole("whole");
  for (const auto& [file, change] : damages) {
    {
      append_examples(*std::make_unique<FeatureSetWriter>(folder_ / "set", example_meta(40)), 0,
                      20);
    }
    damage("set.partial/" + file, change);
    FeatureSetWriter writer(folder_ / "set", example_meta(40));
    EXPECT_EQ(writer.images_done(), 0U) << file;
    append_examples(writer, 0, 40);
    writer.finish();
    EXPECT_EQ(content_of(folder_ / "set"), content_of(folder_ / "whole")) << file;
    fs::remove_all(folder_ / "set");
  }
}

TEST_F(FeatureSetTest, APartialSetOfAnotherModelIsBegunAnew) {
  {
    append_examples(*std::make_unique<FeatureSetWriter>(folder_ / "set", example_meta(40)), 0, 20);
  }
  FeatureSetMeta other = example_meta(40);
  other.model_sha256 = "decade";
  EXPECT_EQ(FeatureSetWriter(folder_ / "set", other).images_done(), 0U);
}

TEST_F(FeatureSetTest, ASecondWriterIsRefused) {
  const FeatureSetWriter writer(folder_ / "set", example_meta(40));
  EXPECT_THAT([&] { FeatureSetWriter(folder_ / "set", example_meta(40)); },
              ThrowsMessage<IoError>(HasSubstr("another process is writing it")));
}

TEST_F(FeatureSetTest, TheWriterKnowsFailuresOfEarlierRuns) {
  {
    append_examples(*std::make_unique<FeatureSetWriter>(folder_ / "set", example_meta(40)), 0, 20);
  }
  FeatureSetWriter writer(folder_ / "set", example_meta(40));
  append_examples(writer, 20, 40);
  writer.finish();
  EXPECT_EQ(writer.failures(), FeatureSet(folder_ / "set").failures());
  EXPECT_EQ(writer.failures().size(), 4U);
}

TEST_F(FeatureSetTest, TakesAnyNameThatIsLegalAndFollowsLinks) {
  const std::string longest(255, 'n');
  write_whole(longest);
  EXPECT_EQ(FeatureSet(folder_ / longest).size(), 36U);

  fs::create_symlink(longest, folder_ / "link");
  write_whole("link", 20);
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(FeatureSet(folder_ / longest).size(), 18U);
}

TEST_F(FeatureSetTest, DiscardedNothingIsLeft) {
  FeatureSetWriter writer(folder_ / "set", example_meta(40));
  append_examples(writer, 0, 20);
  writer.discard();
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(FeatureSetTest, ReplacesASetButNothingElse) {
  write_whole("set", 20);
  write_whole("set", 30);
  EXPECT_EQ(FeatureSet(folder_ / "set").meta().source_images, 30U);
  EXPECT_FALSE(fs::exists(folder_ / "set.partial"));
  testing::write_text(folder_ / "thesis/chapter.tex", "");
  EXPECT_THAT([&] { write_whole("thesis"); },
              ThrowsMessage<InvalidArgument>(HasSubstr("exists and is not a feature set")));
  EXPECT_FALSE(fs::exists(folder_ / "thesis.partial"));
  fs::create_directory(folder_ / "empty");
  write_whole("empty");
  EXPECT_EQ(FeatureSet(folder_ / "empty").size(), 36U);
}

TEST_F(FeatureSetTest, TheWriterRefusesCountsThatDoNotFit) {
  FeatureSetWriter writer(folder_ / "set", example_meta(2));
  const std::vector<FeatureRow> rows(1);
  const std::vector<float> values(kDimension);
  EXPECT_THROW(writer.append(rows, std::vector<float>(4), 1), InvalidArgument);
  EXPECT_THROW(writer.append(rows, values, 2), InvalidArgument);
  EXPECT_THROW(writer.finish(), InvalidArgument);
  writer.append(rows, values, 1);
  writer.append(rows, values, 2);
  EXPECT_THROW(writer.append(rows, values, 3), InvalidArgument)
      << "more images than the source has";
  writer.finish();
}

TEST_F(FeatureSetTest, TheWriterRefusesColumnsThatDoNotChain) {
  FeatureSetMeta meta = example_meta(1);
  meta.columns[1].begin = 4;
  EXPECT_THROW(FeatureSetWriter(folder_ / "set", meta), InvalidArgument);
  meta = example_meta(1);
  meta.columns.clear();
  EXPECT_THROW(FeatureSetWriter(folder_ / "set", meta), InvalidArgument);
  meta = example_meta(1);
  meta.options_json = "[1]";
  EXPECT_THROW(FeatureSetWriter(folder_ / "set", meta), InvalidArgument);
}

TEST_F(FeatureSetTest, TheReaderNamesWhatIsMissing) {
  EXPECT_THAT([&] { FeatureSet(folder_ / "nothing"); },
              ThrowsMessage<IoError>(HasSubstr("nothing: ")));
  for (const char* file : {"features.npy", "index.csv", "meta.json"}) {
    write_whole("set");
    fs::remove(folder_ / "set" / file);
    EXPECT_THAT([&] { FeatureSet(folder_ / "set"); }, ThrowsMessage<IoError>(HasSubstr(file)));
    fs::remove_all(folder_ / "set");
  }
}

TEST_F(FeatureSetTest, TheReaderRefusesTruncatedFiles) {
  for (const char* file : {"features.npy", "index.csv", "meta.json", "failures.csv"}) {
    for (const std::size_t cut : {2U, 50U}) {
      write_whole("set");
      damage(std::string("set/") + file,
             [&](std::string& text) { text.resize(text.size() > cut ? text.size() - cut : 1); });
      EXPECT_THAT(error_of_opening("set"), HasSubstr(file));
    }
  }
}

TEST_F(FeatureSetTest, TheReaderRefusesSizesThatDoNotFit) {
  const auto replace = [](std::string& text, std::string_view from, std::string_view to) {
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
  };
  write_without_checksums("set");
  damage("set/index.csv", [](std::string& text) { text += "36,a,,0,0,1,1,0,0\n"; });
  EXPECT_THAT(error_of_opening("set"), HasSubstr("index.csv: 37 rows, but features.npy has 36"));
  write_without_checksums("set");
  damage("set/meta.json", [&](std::string& text) { replace(text, "\"end\": 5", "\"end\": 6"); });
  EXPECT_THAT(error_of_opening("set"), HasSubstr("5 columns, but meta.json describes 6"));
  write_without_checksums("set");
  damage("set/features.npy", [&](std::string& text) { replace(text, "(36, 5)", "(37, 5)"); });
  EXPECT_THAT(error_of_opening("set"), HasSubstr("truncated or damaged"));
  write_without_checksums("set");
  damage("set/features.npy", [&](std::string& text) { replace(text, "'<f4'", "'<i4'"); });
  EXPECT_THAT(error_of_opening("set"), HasSubstr("features.npy"));
}

TEST_F(FeatureSetTest, TheReaderRefusesANewerVersionAndOtherKinds) {
  write_without_checksums("set");
  damage("set/meta.json", [](std::string& text) {
    const std::string key = "\"format_version\": ";
    text.replace(text.find(key), key.size() + 1, key + "99");
  });
  EXPECT_THAT(error_of_opening("set"), HasSubstr("format version 99 is newer"));
  write_without_checksums("set");
  damage("set/meta.json", [](std::string& text) { text = R"({"kind": "autoencoder"})"; });
  EXPECT_THAT(error_of_opening("set"), HasSubstr("not the meta.json of a feature set"));
}

TEST_F(FeatureSetTest, MovesAndKeepsItsRows) {
  write_whole("set");
  FeatureSet first(folder_ / "set");
  const float* const values = first.row(3).data();
  const FeatureSet second = std::move(first);
  EXPECT_EQ(second.row(3).data(), values);
  EXPECT_EQ(second.index().size(), 36U);
}

TEST_F(FeatureSetTest, IsRefusedWithAByteThatChanged) {
  write_whole("set");
  const auto read_all = [&] {
    const FeatureSet set(folder_ / "set");
    for (std::size_t i = 0; i < set.size(); ++i) {
      set.row(i);
    }
  };
  for (const char* file : {"features.npy", "index.csv", "failures.csv", "meta.json"}) {
    testing::expect_damage_noticed(folder_ / "set" / file, read_all, 3000);
  }
}

TEST_F(FeatureSetTest, VerifiesTheBlockThatARowLiesIn) {
  // Rows of 4 MiB: the block of 64 MiB ends after the sixteenth.
  constexpr std::size_t kValues = std::size_t{1} << 20;
  FeatureSetMeta meta = example_meta(18);
  meta.columns = {{"down.6", Loss::kKld, 0, kValues}};
  {
    FeatureSetWriter writer(folder_ / "set", meta);
    std::vector<float> values(kValues);
    for (std::uint64_t i = 0; i < 18; ++i) {
      std::ranges::fill(values, static_cast<float>(i));
      const FeatureRow row = example_row(i);
      writer.append(std::span(&row, 1), values, i + 1);
    }
    writer.finish();
  }
  const auto flip = [&](std::uint64_t byte) {
    std::fstream file(folder_ / "set/features.npy",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(byte));
    const int value = file.get();
    file.seekp(static_cast<std::streamoff>(byte));
    file.put(static_cast<char>(value ^ 1));
  };
  EXPECT_NO_THROW(FeatureSet(folder_ / "set").verify());
  flip(128 + 17 * kValues * sizeof(float) + 5);
  const FeatureSet set(folder_ / "set");
  EXPECT_EQ(set.row(15)[7], 15.0F);
  EXPECT_THAT([&] { set.row(16); },
              ThrowsMessage<FormatError>(HasSubstr("features.npy: is damaged: its checksum is ")));
  EXPECT_EQ(set.row(0)[0], 0.0F) << "the first block is whole";
  EXPECT_THROW(set.verify(), FormatError);
}

TEST_F(FeatureSetTest, OfAnOlderVersionIsRead) {
  const FeatureSet set(testing::data_file("formats-0.1.0/set"));
  EXPECT_EQ(set.size(), 40U);
  EXPECT_NO_THROW(set.verify());
  EXPECT_EQ(set.index().size(), 40U);
}

TEST_F(FeatureSetTest, SaysHowItsImagesWereDecoded) {
  FeatureSetMeta meta = example_meta(10);
  meta.decoding = Decoding::kFast;
  {
    FeatureSetWriter writer(folder_ / "set", meta);
    append_examples(writer, 0, 10);
    writer.finish();
  }
  EXPECT_EQ(FeatureSet(folder_ / "set").meta().decoding, Decoding::kFast);
  const auto change = [&](const auto& changed) {
    damage("set/meta.json", [&](std::string& text) {
      nlohmann::json all = nlohmann::json::parse(text);
      all.erase("checksum");
      changed(all);
      text = all.dump(2);
    });
  };
  change([](nlohmann::json& all) { all["preprocessing"]["decode"] = "slow"; });
  EXPECT_THAT([&] { FeatureSet(folder_ / "set"); },
              ThrowsMessage<FormatError>(HasSubstr("\"decode\" is slow, not exact or fast")));
  change([](nlohmann::json& all) { all.erase("preprocessing"); });  // as older versions wrote it
  EXPECT_EQ(FeatureSet(folder_ / "set").meta().decoding, Decoding::kExact);
}

}  // namespace
}  // namespace gradspace

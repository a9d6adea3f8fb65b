#include "gradspace/challenge_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <tuple>

#include "challenge/pictures.h"
#include "core/file.h"
#include "core/unfinished_file.h"
#include "gradspace/error.h"
#include "sources/source_files.h"
#include "support/test_files.h"

namespace gradspace::challenge {
namespace {

namespace fs = std::filesystem;
using gradspace::testing::scene;
using gradspace::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;
using ::testing::UnorderedElementsAre;

void save(const fs::path& path, const Image& image) {
  fs::create_directories(path.parent_path());
  write_image(path, image);
}

/// The files under a folder, relative to it, with their bytes.
std::map<std::string, std::vector<std::uint8_t>> files(const fs::path& root) {
  std::map<std::string, std::vector<std::uint8_t>> found;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) {
      found[fs::relative(entry.path(), root).string()] = read_file(entry.path());
    }
  }
  return found;
}

std::vector<std::string> names(const fs::path& root) {
  std::vector<std::string> paths;
  for (const auto& [path, bytes] : files(root)) {
    paths.push_back(path);
  }
  return paths;
}

BatchOptions options(std::string_view types, std::string_view levels) {
  BatchOptions result;
  result.types = parse_types(types);
  result.levels = parse_levels(levels);
  return result;
}

/// A tree of three clean images and one challenged.
void make_tree(const fs::path& root) {
  save(root / "RealChallengeFree/train/01_02_00_00_00_05_0003.bmp", scene(20, 18, 3, 1));
  save(root / "RealChallengeFree/val/01_02_00_00_00_05_0003.bmp", scene(20, 18, 3, 1));
  save(root / "RealChallengeFree/test/01_14_00_00_01_02_0007.bmp", scene(30, 31, 3, 2));
  save(root / "RealChallenge/07_01/test/01_14_07_01_01_02_0007.bmp", scene(30, 31, 3, 3));
}

TEST(ChallengeFiles, AddsToATreeInPlaceWithCureTsrsNames) {
  const TemporaryFolder folder;
  make_tree(folder.path());
  const BatchResult result =
      challenge_files(folder.path(), folder.path(), options("rain,noise", "2,5"));
  EXPECT_EQ(result.images, 3U);
  EXPECT_EQ(result.written, 12U);
  EXPECT_THAT(result.failures, SizeIs(0));
  const std::vector<std::string> paths = names(folder.path());
  EXPECT_THAT(paths, SizeIs(4 + 12));
  EXPECT_THAT(paths,
              ::testing::IsSupersetOf({"RealChallenge/08_02/train/01_02_08_02_00_05_0003.bmp",
                                       "RealChallenge/09_05/test/01_14_09_05_01_02_0007.bmp"}));
  // What the library gives in memory, and another draw for the file of the same name in another set.
  const Image clean = scene(20, 18, 3, 1);
  const auto rain = [&](const std::string& set) {
    return read_image(folder / ("RealChallenge/09_02/" + set + "/01_02_09_02_00_05_0003.bmp"));
  };
  const std::string key = "RealChallengeFree/train/01_02_00_00_00_05_0003.bmp";
  EXPECT_EQ(rain("train"), apply(clean, Type::kRain, 2, image_seed(0, Type::kRain, key)));
  EXPECT_NE(rain("train"), rain("val"));
  // The result is a tree that our own reader takes.
  EXPECT_EQ(open_source(folder.path())->kind(), SourceKind::kCureTsr);
}

TEST(ChallengeFiles, RefusesAPairThatExistsInTheTreeWithoutForce) {
  const TemporaryFolder folder;
  make_tree(folder.path());
  const auto before = files(folder.path());
  EXPECT_THAT([&] { challenge_files(folder.path(), folder.path(), options("07,08", "1")); },
              ThrowsMessage<InvalidArgument>(HasSubstr("RealChallenge/07_01: exists already")));
  EXPECT_EQ(files(folder.path()), before);
  BatchOptions force = options("07,08", "1");
  force.force = true;
  EXPECT_EQ(challenge_files(folder.path(), folder.path(), force).written, 6U);
}

TEST(ChallengeFiles, WritesATreeElsewhereWithCleanCopiesWhereAsked) {
  const TemporaryFolder folder;
  make_tree(folder / "in");
  BatchOptions with_clean = options("haze", "1");
  with_clean.clean = true;
  challenge_files(folder / "in", folder / "out", with_clean);
  EXPECT_THAT(names(folder / "out"),
              ElementsAre("RealChallenge/12_01/test/01_14_12_01_01_02_0007.bmp",
                          "RealChallenge/12_01/train/01_02_12_01_00_05_0003.bmp",
                          "RealChallenge/12_01/val/01_02_12_01_00_05_0003.bmp",
                          "RealChallengeFree/test/01_14_00_00_01_02_0007.bmp",
                          "RealChallengeFree/train/01_02_00_00_00_05_0003.bmp",
                          "RealChallengeFree/val/01_02_00_00_00_05_0003.bmp"));
  EXPECT_EQ(read_image(folder / "out/RealChallengeFree/test/01_14_00_00_01_02_0007.bmp"),
            scene(30, 31, 3, 2));
}

TEST(ChallengeFiles, KeepsTheFiveFieldsOfCureTsrAsDistributed) {
  const TemporaryFolder folder;
  for (int i = 1; i <= 5; ++i) {
    save(folder / ("in/Real_Train/ChallengeFree/01_02_00_00_000" + std::to_string(i) + ".bmp"),
         scene(20, 18, 3, 1));
  }
  save(folder / "in/Real_Train/Haze-2/01_02_12_02_0001.bmp", scene(20, 18, 3, 1));
  save(folder / "in/Real_Test/ChallengeFree/01_02_00_00_0001.bmp", scene(20, 18, 3, 1));
  BatchOptions some = options("haze", "1");
  some.sets = {"val", "test"};
  challenge_files(folder / "in", folder / "out", some);
  EXPECT_THAT(names(folder / "out"), ElementsAre("RealChallenge/12_01/test/01_02_12_01_0001.bmp",
                                                 "RealChallenge/12_01/val/01_02_12_01_0005.bmp"));
}

TEST(ChallengeFiles, TakesOneSetOfATree) {
  const TemporaryFolder folder;
  make_tree(folder / "in");
  challenge_files(folder / "in/RealChallengeFree/train", folder / "out", options("haze", "1"));
  EXPECT_THAT(names(folder / "out"),
              ElementsAre("RealChallenge/12_01/train/01_02_12_01_00_05_0003.bmp"));
}

TEST(ChallengeFiles, KeepsAFoldersPathsAndFormats) {
  const TemporaryFolder folder;
  save(folder / "in/a.png", scene(16, 16, 3));
  save(folder / "in/b/c.jpg", scene(16, 16, 3));
  save(folder / "in/d.pgm", scene(16, 16, 1));
  challenge_files(folder / "in", folder / "out", options("snow", "3"));
  EXPECT_THAT(names(folder / "out"), ElementsAre("11_03/a.png", "11_03/b/c.jpg", "11_03/d.pgm"));
  EXPECT_EQ(read_image(folder / "out/11_03/a.png"),
            apply(scene(16, 16, 3), Type::kSnow, 3, image_seed(0, Type::kSnow, "a.png")));

  BatchOptions as_png = options("snow", "3");
  as_png.format = ImageFormat::kPng;
  challenge_files(folder / "in", folder / "png", as_png);
  EXPECT_THAT(names(folder / "png"), ElementsAre("11_03/a.png", "11_03/b/c.png", "11_03/d.png"));
}

TEST(ChallengeFiles, WritesOneImageToOneFile) {
  const TemporaryFolder folder;
  save(folder / "a.png", scene(16, 16, 3));
  challenge_files(folder / "a.png", folder / "new/b.bmp", options("snow", "3"));
  EXPECT_EQ(read_image(folder / "new/b.bmp"),
            apply(scene(16, 16, 3), Type::kSnow, 3, image_seed(0, Type::kSnow, "a.png")));
  EXPECT_THAT(
      [&] { challenge_files(folder / "a.png", folder / "new/b.bmp", options("snow", "3")); },
      ThrowsMessage<InvalidArgument>(HasSubstr("the output exists")));
  // More than one result makes it a folder.
  challenge_files(folder / "a.png", folder / "many.bmp", options("snow", "3,4"));
  EXPECT_THAT(names(folder / "many.bmp"), ElementsAre("11_03/a.png", "11_04/a.png"));
}

TEST(ChallengeFiles, SplitsAnyImagesIntoAnExperimentsTree) {
  const TemporaryFolder folder;
  std::vector<std::uint8_t> pixels;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Image image = scene(12, 10, 1, i);
    pixels.insert(pixels.end(), image.pixels().begin(), image.pixels().end());
  }
  write_file(folder / "train-images-idx3-ubyte",
             gradspace::testing::idx_bytes({20, 10, 12}, pixels));
  std::vector<std::uint8_t> labels(20, 9);
  write_file(folder / "train-labels-idx1-ubyte", gradspace::testing::idx_bytes({20}, labels));

  BatchOptions split = options("rain", "1");
  split.split = parse_split("train=10,val=25%,test=5");
  const BatchResult result =
      challenge_files(folder / "train-images-idx3-ubyte", folder / "tree", split);
  EXPECT_EQ(result.images, 20U);
  EXPECT_EQ(result.written, 40U);
  const auto source = open_source(folder / "tree");
  ASSERT_EQ(source->kind(), SourceKind::kCureTsr);
  std::map<std::string, int> clean;
  std::set<std::string> indices;
  for (std::size_t i = 0; i < source->size(); ++i) {
    const ImageInfo info = source->info(i);
    EXPECT_EQ(info.object_class, 10) << "label 9 is sign type 10";
    if (info.challenge == 0) {
      ++clean[info.set];
      indices.insert(CureTsrName::parse(info.path)->index);
    }
  }
  EXPECT_EQ(clean, (std::map<std::string, int>{{"train", 10}, {"val", 5}, {"test", 5}}));
  EXPECT_THAT(indices, SizeIs(20)) << "no image is in two sets";

  // Draws depend on the position in the file.
  const auto info = [&](std::size_t i) { return source->info(i); };
  for (std::size_t i = 0; i < source->size(); ++i) {
    if (info(i).challenge == 9) {
      const std::string index = CureTsrName::parse(info(i).path)->index;
      const int position = std::stoi(index.substr(6));
      EXPECT_EQ(source->load(i),
                apply(scene(12, 10, 1, static_cast<std::uint64_t>(position)), Type::kRain, 1,
                      image_seed(0, Type::kRain, std::to_string(position))));
    }
  }
}

TEST(ChallengeFiles, RefusesASplitOfMoreThanThereIs) {
  const TemporaryFolder folder;
  save(folder / "in/a.png", scene(16, 16, 3));
  BatchOptions split = options("rain", "1");
  split.split = parse_split("train=1,test=1");
  EXPECT_THAT(
      [&] { challenge_files(folder / "in", folder / "out", split); },
      ThrowsMessage<InvalidArgument>(HasSubstr("1 images for test, but 0 of the source's 1")));
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST(ChallengeFiles, GivesTheSameFilesOnAnyNumberOfThreads) {
  const TemporaryFolder folder;
  make_tree(folder / "in");
  {
    const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
    challenge_files(folder / "in", folder / "one", options("all", "1,5"));
  }
  {
    const tbb::global_control four(tbb::global_control::max_allowed_parallelism, 4);
    challenge_files(folder / "in", folder / "four", options("all", "1,5"));
  }
  EXPECT_EQ(files(folder / "one"), files(folder / "four"));
  BatchOptions other_seed = options("all", "1,5");
  other_seed.seed = 1;
  challenge_files(folder / "in", folder / "seed", other_seed);
  EXPECT_EQ(names(folder / "one"), names(folder / "seed"));
  EXPECT_NE(files(folder / "one"), files(folder / "seed"));
}

TEST(ChallengeFiles, ListsWhatFailsAndDoesTheRest) {
  const TemporaryFolder folder;
  save(folder / "in/a.png", scene(16, 16, 3));
  write_file(folder / "in/broken.png", std::string_view("\x89PNG\r\n\x1a\n and no more"));
  save(folder / "in/small.png", scene(7, 16, 3));
  save(folder / "in/z.png", scene(16, 16, 3));
  const BatchResult result = challenge_files(folder / "in", folder / "out", options("rain", "1-2"));
  EXPECT_EQ(result.images, 4U);
  EXPECT_EQ(result.written, 4U);
  EXPECT_THAT(result.failures, ElementsAre(HasSubstr("broken.png"),
                                           HasSubstr("small.png: 7x16 pixels; a challenge needs")));
  EXPECT_THAT(names(folder / "out"),
              ElementsAre("09_01/a.png", "09_01/z.png", "09_02/a.png", "09_02/z.png"));
}

TEST(ChallengeFiles, LeavesNoHalfFileWhereWritingFails) {
  const TemporaryFolder folder;
  save(folder / "in/a.png", scene(16, 16, 3));
  // A folder stands where the file should go: as good as a full disk.
  fs::create_directories(folder / "out/09_01/a.png");
  BatchOptions force = options("rain", "1-2");
  force.force = true;
  const BatchResult result = challenge_files(folder / "in", folder / "out", force);
  EXPECT_EQ(result.written, 1U);
  EXPECT_THAT(result.failures, ElementsAre(HasSubstr("09_01/a.png: can't write")));
  EXPECT_THAT(names(folder / "out"), ElementsAre("09_02/a.png"));
}

TEST(ChallengeFiles, RefusesOutputsThatAreNotFit) {
  const TemporaryFolder folder;
  save(folder / "in/a.png", scene(16, 16, 3));
  const auto run = [&](const fs::path& output) {
    return [&folder, output] {
      challenge_files(folder / "in", folder.path() / output, options("rain", "1"));
    };
  };
  EXPECT_THAT(run("in"), ThrowsMessage<InvalidArgument>(HasSubstr("lies inside the input")));
  EXPECT_THAT(run("in/"), ThrowsMessage<InvalidArgument>(HasSubstr("lies inside the input")));
  EXPECT_THAT(run("in/new"), ThrowsMessage<InvalidArgument>(HasSubstr("lies inside the input")));
  EXPECT_THAT(run("x/../in/new"), ThrowsMessage<InvalidArgument>(HasSubstr("inside the input")));
  write_file(folder / "taken", std::string_view("x"));
  EXPECT_THAT(run("taken"), ThrowsMessage<InvalidArgument>(HasSubstr("the output exists")));
  EXPECT_THAT(run(""), ThrowsMessage<InvalidArgument>(HasSubstr("the output is not empty")));
  EXPECT_NO_THROW(run("inside")()) << "a name that begins as the input's is not inside it";
}

TEST(ChallengeFiles, RefusesTwoImagesThatWouldBecomeOneFile) {
  const TemporaryFolder folder;
  save(folder / "in/a.png", scene(16, 16, 3));
  save(folder / "in/a.bmp", scene(16, 16, 3));
  BatchOptions as_png = options("rain", "1");
  as_png.format = ImageFormat::kPng;
  EXPECT_THAT([&] { challenge_files(folder / "in", folder / "out", as_png); },
              ThrowsMessage<InvalidArgument>(HasSubstr("would become the same file")));
}

TEST(ChallengeFiles, RefusesEmptyWishesAndSourcesWithoutCleanImages) {
  const TemporaryFolder folder;
  make_tree(folder / "in");
  EXPECT_THROW(challenge_files(folder / "in", folder / "out", BatchOptions{}), InvalidArgument);
  EXPECT_THAT(
      [&] { challenge_files(folder / "in/RealChallenge", folder / "out", options("rain", "1")); },
      ThrowsMessage<InvalidArgument>(HasSubstr("no clean image")));
  EXPECT_THROW(challenge_files(folder / "nowhere", folder / "out", options("rain", "1")), IoError);
  save(folder / "photos/a.png", scene(16, 16, 3));
  BatchOptions clean = options("rain", "1");
  clean.clean = true;
  EXPECT_THROW(challenge_files(folder / "photos", folder / "out", clean), InvalidArgument);
}

TEST(ChallengeFiles, StopsWhenAsked) {
  const TemporaryFolder folder;
  make_tree(folder / "in");
  JobObserver observer;
  observer.stop_requested = [] { return true; };
  const BatchResult result =
      challenge_files(folder / "in", folder / "out", options("rain", "1"), observer);
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.written, 0U);
}

/// In a folder, in a tree that gains challenges, and in one that is split.
TEST(ChallengeFiles, AnUnfinishedRunGoesOnToTheSameFiles) {
  const TemporaryFolder folder;
  make_tree(folder / "tree");
  for (int i = 0; i < 6; ++i) {
    save(folder / ("photos/" + std::to_string(i) + ".png"), scene(16, 16, 3));
  }
  BatchOptions split = options("rain,noise", "1-2");
  split.split = parse_split("train=3,test=3");
  const std::vector<std::tuple<std::string, std::string, BatchOptions>> runs = {
      {"photos", "out", options("rain,noise", "1-2")},
      {"photos", "split", split},
      {"tree", "", options("rain,noise", "1-2")}};
  for (const auto& [input, output, wanted] : runs) {
    SCOPED_TRACE(input + output);
    const auto made = [&](const std::string& run) {
      const fs::path root = folder / run;
      fs::create_directories(root);
      fs::copy(folder / input, root / input, fs::copy_options::recursive);
      return root / (output.empty() ? input : output);
    };
    const fs::path whole = made("whole-" + input + output);
    const fs::path stopped = made("stopped-" + input + output);
    const auto in = [&](const fs::path& out) { return out.parent_path() / input; };
    EXPECT_EQ(challenge_files(in(whole), whole, wanted).kept, 0U);
    JobObserver observer;
    int asked = 0;
    observer.stop_requested = [&] { return ++asked > 7; };
    BatchOptions one_thread = wanted;
    one_thread.threads = 1;
    const BatchResult first = challenge_files(in(stopped), stopped, one_thread, observer);
    EXPECT_TRUE(first.stopped);
    EXPECT_GT(first.written, 0U);
    EXPECT_LT(asked, 12) << "it is asked before every file";
    EXPECT_NE(files(stopped), files(whole));
    BatchOptions other = wanted;
    other.seed = 1;
    EXPECT_THROW(challenge_files(in(stopped), stopped, other), InvalidArgument);
    other = wanted;
    other.challenge.strength = Strength::kPixels;
    EXPECT_THROW(challenge_files(in(stopped), stopped, other), InvalidArgument);
    const BatchResult second = challenge_files(in(stopped), stopped, wanted);
    EXPECT_EQ(second.kept, first.written);
    EXPECT_EQ(files(stopped), files(whole));
    EXPECT_THROW(challenge_files(in(stopped), stopped, wanted), InvalidArgument) << "it is whole";
  }
}

TEST(ChallengeFiles, AnUnfinishedRunOfOtherImagesIsNotTakenUp) {
  const TemporaryFolder folder;
  save(folder / "in/a.png", scene(16, 16, 3));
  save(folder / "in/b.png", scene(16, 16, 3));
  JobObserver observer;
  int asked = 0;
  observer.stop_requested = [&] { return ++asked > 3; };
  BatchOptions one_thread = options("rain", "1-3");
  one_thread.threads = 1;
  EXPECT_TRUE(challenge_files(folder / "in", folder / "out", one_thread, observer).stopped);
  save(folder / "in/a.png", scene(16, 18, 3));
  EXPECT_THAT([&] { challenge_files(folder / "in", folder / "out", one_thread); },
              ThrowsMessage<InvalidArgument>(HasSubstr("the output is not empty")));
  one_thread.force = true;
  EXPECT_EQ(challenge_files(folder / "in", folder / "out", one_thread).written, 6U);
  EXPECT_THAT(names(folder / "out"), SizeIs(6)) << "the record is gone";
}

TEST(ChallengeFiles, WhatIsLeftOfARecordThatWasNotWholeIsSwept) {
  const TemporaryFolder folder;
  save(folder / "in/a.png", scene(16, 16, 3));
  fs::create_directory(folder / "out");
  // Not by `write_file`, which would sweep the folder, once and for all in this process.
  std::ofstream(folder / "out" / unfinished_name(7)) << "An unfinished run of";
  EXPECT_EQ(challenge_files(folder / "in", folder / "out", options("rain", "1")).written, 1U);
  EXPECT_FALSE(fs::exists(folder / "out" / unfinished_name(7)));
}

TEST(ChallengeFiles, ReportsProgressToTheEnd) {
  const TemporaryFolder folder;
  make_tree(folder / "in");
  std::mutex mutex;
  std::vector<std::size_t> seen;
  JobObserver observer;
  observer.on_progress = [&](std::size_t done, std::size_t total) {
    const std::scoped_lock lock(mutex);
    EXPECT_EQ(total, 3U);
    seen.push_back(done);
  };
  challenge_files(folder / "in", folder / "out", options("rain", "1"), observer);
  EXPECT_THAT(seen, UnorderedElementsAre(1U, 2U, 3U));
}

}  // namespace
}  // namespace gradspace::challenge

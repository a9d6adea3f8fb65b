// The page's data of compared folders, from files that compare_folders has written.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/random.h"
#include "gradspace/compare_folders.h"
#include "gradspace/error.h"
#include "gradspace/image.h"
#include "gradspace/report.h"
#include "report/comparison_crops.h"
#include "report/page_data.h"
#include "report/thumbnails.h"
#include "results/run_files.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kOddName = "<script><img src=x onerror=alert(1)>,\".png";
constexpr int kPictureWidth = 400;
constexpr int kPictureHeight = 300;

Image grainy(std::uint64_t seed) {
  Random random(seed);
  Image image(kPictureWidth, kPictureHeight, 3);
  for (std::uint8_t& sample : image.pixels()) {
    sample = static_cast<std::uint8_t>(100 + random.below(50));
  }
  return image;
}

/// A square of 32 pixels that is darker by 40.
Image with_stain(Image image, int x, int y) {
  for (int row = y; row < y + 32; ++row) {
    for (int i = 3 * x; i < 3 * (x + 32); ++i) {
      auto& sample = image.row(row)[static_cast<std::size_t>(i)];
      sample = static_cast<std::uint8_t>(sample - 40);
    }
  }
  return image;
}

Image part_of(const Image& image, int x, int y, int width, int height) {
  Image part(width, height, 3);
  for (int row = 0; row < height; ++row) {
    for (int i = 0; i < 3 * width; ++i) {
      part.row(row)[static_cast<std::size_t>(i)] =
          image.row(y + row)[static_cast<std::size_t>(3 * x + i)];
    }
  }
  return part;
}

class ComparisonReport : public ::testing::Test {
 protected:
  ComparisonReport() {
    for (const char* folder : {"ref", "codec-q1", "codec-q2", "other-q1", "other-q2"}) {
      fs::create_directories(folder_ / folder);
      for (const char* name : {"plain.png", kOddName}) {
        const Image image = grainy(static_cast<unsigned char>(name[0]));
        const bool stained = std::string(folder) != "ref" && name == std::string("plain.png");
        write_image(folder_ / folder / name, stained ? with_stain(image, 340, 190) : image);
      }
    }
    options_.references = folder_ / "ref";
    for (const char* folder : {"codec-q1", "codec-q2", "other-q1", "other-q2"}) {
      options_.folders.push_back(folder_ / folder);
    }
    options_.metrics = {"psnr", "gmsd"};
    options_.out = folder_ / "out";
    compare_folders(options_);
  }

  json data() {
    notes_.clear();
    return comparison_data(options_.out, read_versioned_json(options_.out / "results.json"),
                           notes_);
  }

  testing::TemporaryFolder folder_;
  CompareFoldersOptions options_;
  Notes notes_;
};

TEST_F(ComparisonReport, HasTheScoresOfEveryImage) {
  const json page = data();
  EXPECT_THAT(notes_, IsEmpty());
  EXPECT_EQ(page["folders"].size(), 4U);
  EXPECT_EQ(page["curves"].size(), 2U);
  EXPECT_EQ(page["anchor"], "codec");
  EXPECT_EQ(page["count"], 2);
  ASSERT_EQ(page["images"].size(), 2U);
  EXPECT_EQ(page["images"][0]["name"], "plain.png") << "the worst first";
  EXPECT_EQ(page["images"][1]["name"], kOddName);
  EXPECT_EQ(page["images"][1]["scores"][0], json({"inf", "inf", "inf", "inf"}));
  EXPECT_EQ(page["images"][1]["scores"][1], json({0.0, 0.0, 0.0, 0.0}));
  const double bits = page["images"][0]["bits_per_pixel"][2];
  EXPECT_NEAR(bits,
              8.0 * static_cast<double>(fs::file_size(folder_ / "other-q1/plain.png")) /
                  (kPictureWidth * kPictureHeight),
              1e-4);
}

TEST_F(ComparisonReport, AFolderOfExactCopiesDoesNotHideWhichImagesAreWorst) {
  const Image image = grainy('a');  // first by its name, and nearly as its reference is
  write_image(folder_ / "ref/a.png", image);
  Image changed = image;
  changed.row(0)[0] ^= 1;
  write_image(folder_ / "codec-q1/a.png", changed);
  fs::copy(folder_ / "ref", folder_ / "lossless");
  options_.folders.push_back(folder_ / "lossless");
  compare_folders(options_);
  const json page = data();
  ASSERT_EQ(page["images"].size(), 3U);
  EXPECT_EQ(page["images"][0]["name"], "plain.png");
  EXPECT_EQ(page["images"][0]["scores"][0][4], "inf");
  EXPECT_EQ(page["images"][1]["name"], "a.png");
  EXPECT_EQ(page["crops"][0]["image"], "plain.png");
}

TEST_F(ComparisonReport, CutsOutWhereTheFoldersDiffer) {
  const json crop = data()["crops"][0];
  EXPECT_EQ(crop["image"], "plain.png");
  const int x = crop["x"];
  const int y = crop["y"];
  const int width = crop["width"];
  const int height = crop["height"];
  EXPECT_LE(x, 340);
  EXPECT_LE(y, 190);
  EXPECT_GE(x + width, 340 + 32);
  EXPECT_GE(y + height, 190 + 32);
  EXPECT_LE(x + width, kPictureWidth);
  EXPECT_LE(y + height, kPictureHeight);
  const Image reference = grainy('p');
  EXPECT_EQ(crop["reference"],
            data_uri(part_of(reference, x, y, width, height), ImageFormat::kPng));
  ASSERT_EQ(crop["folders"].size(), 4U);
  const Image stained = with_stain(reference, 340, 190);
  EXPECT_EQ(crop["folders"][3]["folder"], 3);
  EXPECT_EQ(crop["folders"][3]["picture"],
            data_uri(part_of(stained, x, y, width, height), ImageFormat::kPng));
  EXPECT_EQ(crop["scale"], 40) << "the largest difference, which a twentieth of the pixels have";
}

TEST_F(ComparisonReport, ImagesSmallerThanACrop) {
  for (const char* folder : {"ref", "codec-q1"}) {
    write_image(folder_ / folder / "small.png", Image(20, 9, folder[0] == 'r' ? 3 : 1));
  }
  const json crop = crops_of({"small.png", {"small.png", ""}},
                             {folder_ / "ref", {folder_ / "codec-q1", folder_ / "codec-q2"}}, 9);
  EXPECT_EQ(crop["width"], 20);
  EXPECT_EQ(crop["height"], 9);
  EXPECT_EQ(crop["folders"].size(), 1U);
  EXPECT_EQ(crop["scale"], 4) << "nothing differs";
}

TEST_F(ComparisonReport, ReadsNoImageOutsideItsFolders) {
  const ComparedPlaces places{folder_ / "ref", {folder_ / "codec-q1"}};
  EXPECT_TRUE(crops_of({"plain.png", {"../codec-q2/plain.png"}}, places, 9).is_null());
  EXPECT_TRUE(crops_of({"../codec-q1/plain.png", {"plain.png"}}, places, 9).is_null());
  EXPECT_TRUE(crops_of({"plain.png", {""}}, places, 9).is_null());
  EXPECT_FALSE(crops_of({"plain.png", {"plain.png"}}, places, 9).is_null());
}

TEST_F(ComparisonReport, GoesOnWithoutWhatIsGone) {
  fs::remove_all(folder_ / "codec-q1");
  write_image(folder_ / "codec-q2/plain.png", Image(5, 5, 3));
  EXPECT_EQ(data()["crops"][0]["folders"].size(), 2U);
  fs::remove_all(folder_ / "ref");
  EXPECT_THAT(data()["crops"], IsEmpty());
  EXPECT_THAT(notes_, Contains(HasSubstr("no pictures")));
  fs::remove(options_.out / "scores.csv");
  EXPECT_FALSE(data().contains("images"));
  EXPECT_THAT(notes_, Contains(HasSubstr("scores.csv is not there")));
}

TEST_F(ComparisonReport, DamagedFilesAreRefusedByName) {
  const auto refused = [&](const char* file, std::string_view content) {
    write_file(options_.out / file, content);
    try {
      data();
      ADD_FAILURE() << content;
    } catch (const FormatError& error) {
      EXPECT_THAT(error.what(), HasSubstr(file));
    }
  };
  refused("scores.csv", "folder,reference\n");
  refused("scores.csv", "folder,reference,distorted,bytes,bpp,psnr,gmsd\nnobody,a,a,1,1,1,1\n");
  refused("scores.csv", "folder,reference,distorted,bytes,bpp,psnr,gmsd\ncodec-q1,a,a,1,x,1,1\n");
  json results = read_versioned_json(options_.out / "results.json");
  results.erase("checksum");
  results["curves"][0]["folders"][0] = "nobody";
  refused("results.json", results.dump());
  results["curves"] = json::array();
  results["bd_rates"][0].erase("of_means");
  refused("results.json", results.dump());
  refused("results.json", R"({"format_version": 1, "kind": "folder-comparison"})");
  refused(
      "results.json",
      R"({"format_version": 1, "kind": "folder-comparison", "metrics": 1, "folders": [], "options": {}})");
}

TEST_F(ComparisonReport, NamesNeverBecomeMarkup) {
  if (!can_write_report()) {
    GTEST_SKIP() << "built without reports";
  }
  const std::string page = read_text_file(write_report(options_.out));
  EXPECT_THAT(page, HasSubstr("\"kind\":\"folder-comparison\""));
  EXPECT_THAT(page, Not(HasSubstr("<img src=x")));
}

}  // namespace
}  // namespace gradspace

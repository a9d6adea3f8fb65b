// `gradspace iqa` as people and programs use it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/file.h"
#include "gradspace/quality_scale.h"
#include "quality/golden.h"
#include "support/python.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class IqaCommand : public ::testing::Test {
 protected:
  IqaCommand() {
    save_decoder(decoder_,
                 testing::read_raw_decoder(testing::data_file("quality/decoder_sparse.f32")));
    for (const char* folder : {"ref", "dist"}) {
      fs::create_directories(folder_ / folder);
    }
  }

  testing::ScriptOutput iqa(const std::string& arguments) const {
    return testing::run_shell(fmt::format("{} iqa --decoder {} {} 2>{}", GRADSPACE_COMMAND,
                                          decoder_.string(), arguments,
                                          (folder_ / "stderr").string()));
  }

  static int exit_status(const testing::ScriptOutput& output) { return output.status >> 8; }
  std::string errors() const { return read_text_file(folder_ / "stderr"); }
  static std::string file(const std::string& name) {
    return testing::data_file("quality/" + name).string();
  }

  void copy(const std::string& name, const std::string& to) const {
    fs::copy_file(file(name), folder_ / to);
  }

  testing::TemporaryFolder folder_;
  fs::path decoder_ = folder_ / "d.safetensors";
};

std::vector<nlohmann::json> lines_of(const std::string& text) {
  std::vector<nlohmann::json> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(nlohmann::json::parse(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return lines;
}

TEST_F(IqaCommand, PrintsTheGoldenScores) {
  const auto output = iqa("--metric gradient,unique,psnr,ssim --format jsonl " +
                          file("pair1_ref.png") + " " + file("pair1_blur.png"));
  EXPECT_EQ(exit_status(output), 0);
  const auto lines = lines_of(output.text);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NEAR(lines[0].at("gradient"), 0.46000665, 1e-5);
  EXPECT_NEAR(lines[0].at("unique"), 0.94441759, 1e-5);
  EXPECT_GT(lines[0].at("psnr"), 15);
  EXPECT_LT(lines[0].at("ssim"), 1);
  EXPECT_EQ(lines[0].at("reference"), file("pair1_ref.png"));
}

TEST_F(IqaCommand, InfinityIsNullInJson) {
  const std::string both = file("pair1_ref.png") + " " + file("pair1_ref.png");
  EXPECT_TRUE(lines_of(iqa("--metric psnr --format jsonl " + both).text)[0].at("psnr").is_null());
  EXPECT_THAT(iqa("--metric psnr,gradient " + both).text,
              ::testing::AllOf(HasSubstr("inf"), HasSubstr("1.000000")));
}

TEST_F(IqaCommand, SaysWhatScoresAreLikeWhereThereIsAScale) {
  const std::string pair = file("pair1_ref.png") + " " + file("pair1_blur.png");
  const auto line = lines_of(iqa("--metric psnr,gradient --format jsonl --scale " + pair).text)[0];
  const auto psnr = quality_equivalent("psnr", line.at("psnr"));
  EXPECT_EQ(line.at("psnr_jpeg_quality"), psnr->jpeg_quality);
  EXPECT_EQ(line.at("psnr_impairment"), impairment_name(psnr->impairment));
  // The decoder is not the one that the scale of gradient is of.
  EXPECT_FALSE(line.contains("gradient_jpeg_quality"));
  EXPECT_EQ(errors(), "gradspace: gradient has a scale with the built-in decoder only\n");
  EXPECT_FALSE(
      lines_of(iqa("--metric psnr --format jsonl " + pair).text)[0].contains("psnr_jpeg_quality"));
  EXPECT_THAT(iqa("--metric psnr " + pair).text, HasSubstr(equivalent_text(*psnr)));
  EXPECT_THAT(iqa("--metric gradient " + pair).text, ::testing::Not(HasSubstr("JPEG")));
}

TEST_F(IqaCommand, ReadsPairsFromACsv) {
  copy("pair1_ref.png", "a,b.png");
  copy("pair1_blur.png", "c.png");
  write_file(folder_ / "pairs.csv", std::string_view("distorted,note,reference\n"
                                                     "c.png,blur,\"a,b.png\"\n"
                                                     "missing.png,,\"a,b.png\"\n"
                                                     "\"a,b.png\",same,\"a,b.png\"\n"));
  const auto output = iqa("--format csv --pairs " + (folder_ / "pairs.csv").string());
  EXPECT_EQ(exit_status(output), 1);
  EXPECT_EQ(std::count(output.text.begin(), output.text.end(), '\n'), 2 + 2);
  EXPECT_THAT(output.text, HasSubstr("a,b.png\"," + (folder_ / "c.png").string() + ",0.4600"));
  EXPECT_THAT(errors(), HasSubstr("missing.png"));
  EXPECT_THAT(errors(), HasSubstr("1 of 3 pairs could not be scored"));
}

TEST_F(IqaCommand, AMetricThatRefusesAPairLeavesAGap) {
  copy("pair1_ref.png", "ref/one.png");
  const Image reference = read_image(folder_ / "ref/one.png");
  write_image(folder_ / "dist/one.png", Image(reference.width(), reference.height(), 3));
  const std::string pair =
      (folder_ / "ref/one.png").string() + " " + (folder_ / "dist/one.png").string();
  const auto json = iqa("--metric gradient,psnr --format jsonl " + pair);
  EXPECT_EQ(exit_status(json), 1);
  EXPECT_TRUE(lines_of(json.text).at(0).at("gradient").is_null());
  EXPECT_GT(lines_of(json.text).at(0).at("psnr"), 1);
  EXPECT_THAT(errors(), HasSubstr("gradspace: gradient: "));
  EXPECT_THAT(errors(), HasSubstr("one.png: all its patches of 16x16 pixels are alike"));
  EXPECT_THAT(iqa("--metric gradient,psnr --format csv " + pair).text, HasSubstr("one.png,,"));
  EXPECT_THAT(iqa("--metric gradient,psnr " + pair).text, HasSubstr("         -  "));
  const auto alone = iqa("--metric gradient --format jsonl " + pair);
  EXPECT_EQ(exit_status(alone), 1);
  EXPECT_EQ(alone.text, "");
}

TEST_F(IqaCommand, AGateThatIsNotMetIsAStatusOfItsOwn) {
  const std::string pair = file("pair1_ref.png") + " " + file("pair1_blur.png");
  EXPECT_EQ(exit_status(iqa("--metric gradient,psnr --fail-below 0.46 " + pair)), 0);
  const auto below = iqa("--metric gradient,psnr --fail-below 0.47 --format csv " + pair);
  EXPECT_EQ(exit_status(below), 3);
  EXPECT_THAT(below.text, HasSubstr("pair1_blur.png,0.46"));
  EXPECT_THAT(errors(), HasSubstr("pair1_blur.png: gradient is 0.46000"));
  EXPECT_EQ(exit_status(iqa("--fail-below 0.47 " + file("pair1_ref.png") + " no.png")), 1);
  EXPECT_EQ(exit_status(iqa("--fail-below nan " + pair)), 2);
}

TEST_F(IqaCommand, AGateOfAMetricThatIsBestAtZero) {
  const std::string pair = file("pair1_ref.png") + " " + file("pair1_blur.png");  // gmsd 0.109131
  EXPECT_EQ(exit_status(iqa("--metric gmsd --fail-below 0.11 " + pair)), 0);
  EXPECT_EQ(exit_status(iqa("--metric gmsd --fail-below 0.10 " + pair)), 3);
  EXPECT_THAT(errors(), HasSubstr("pair1_blur.png: gmsd is 0.109131, more than 0.1"));
}

TEST_F(IqaCommand, ListsTheMetrics) {
  const auto output = iqa("--list --format jsonl");
  EXPECT_EQ(exit_status(output), 0);
  const auto lines = lines_of(output.text);
  ASSERT_EQ(lines.size(), all_quality_metrics().size());
  for (const nlohmann::json& line : lines) {
    for (const char* key : {"name", "family", "range", "direction", "source"}) {
      EXPECT_FALSE(line.at(key).get<std::string>().empty()) << line;
    }
    EXPECT_EQ(line.at("identical_images") == 0, line.at("direction") == "smaller is better");
  }
  EXPECT_THAT(iqa("--list").text, HasSubstr("gmsd"));
  EXPECT_EQ(exit_status(iqa("--list " + file("pair1_ref.png") + " " + file("pair1_ref.png"))), 2);
}

TEST_F(IqaCommand, FamiliesAndAllMetrics) {
  const std::string pair = file("pair1_ref.png") + " " + file("pair1_blur.png") + " --format jsonl";
  const auto all = iqa("--metric all " + pair);
  EXPECT_EQ(exit_status(all), 1);  // the images are too small for two
  const auto line = lines_of(all.text).at(0);
  EXPECT_EQ(line.size(), 2 + all_quality_metrics().size());
  EXPECT_TRUE(line.at("ms-ssim").is_null());
  EXPECT_NEAR(line.at("haarpsi"), 0.7152346, 2e-4);
  EXPECT_THAT(errors(), HasSubstr("72x96 pixels; ms-ssim needs at least 161x161"));
  const auto paper = iqa("--metric psnr,paper " + pair);
  EXPECT_EQ(exit_status(paper), 0);
  EXPECT_EQ(lines_of(paper.text).at(0).size(), 2 + 3U);
}

TEST_F(IqaCommand, PairsFoldersByName) {
  copy("pair1_ref.png", "ref/one.png");
  copy("pair2_ref.png", "ref/two.png");
  copy("pair1_ref.png", "ref/alone.png");
  copy("pair2_blur.png", "dist/two.png");
  write_image(folder_ / "dist/one.bmp", read_image(file("pair1_blur.png")));
  copy("pair1_ref.png", "dist/other.png");
  const auto output =
      iqa("--format jsonl " + (folder_ / "ref").string() + " " + (folder_ / "dist").string());
  EXPECT_EQ(exit_status(output), 1);
  const auto lines = lines_of(output.text);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NEAR(lines[0].at("gradient"), 0.46000665, 1e-5);
  EXPECT_NEAR(lines[1].at("gradient"), 0.54145789, 1e-5);
  EXPECT_THAT(errors(), HasSubstr("ref/alone.png: no image of that name in"));
  EXPECT_THAT(errors(), HasSubstr("dist/other.png: no image of that name in"));
}

TEST_F(IqaCommand, SaysWhichImagesShareAName) {
  copy("pair1_ref.png", "ref/one.png");
  copy("pair1_blur.png", "dist/one.png");  // the reference's very name
  write_image(folder_ / "dist/one.jpg", read_image(file("pair1_blur.png")));
  copy("pair2_ref.png", "ref/two.png");
  write_image(folder_ / "dist/two.bmp", read_image(file("pair2_blur.png")));
  write_image(folder_ / "dist/two.jpg", read_image(file("pair2_blur.png")));
  copy("pair1_ref.png", "ref/three.png");
  write_image(folder_ / "ref/three.bmp", read_image(file("pair1_ref.png")));
  write_image(folder_ / "dist/three.jpg", read_image(file("pair1_blur.png")));
  const std::string ref = (folder_ / "ref").string();
  const std::string dist = (folder_ / "dist").string();
  const auto output = iqa("--metric psnr --format jsonl " + ref + " " + dist);
  EXPECT_EQ(exit_status(output), 1);
  EXPECT_EQ(lines_of(output.text).size(), 1U) << "only one.png has a partner";
  const std::string ones = ": 2 images in " + dist + " have that name, such as one.jpg and one.png";
  const std::string twos = ": 2 images in " + dist + " have that name, such as two.bmp and two.jpg";
  const std::string threes =
      ": 2 images in " + ref + " have that name, such as three.bmp and three.png";
  for (const std::string& line :
       {dist + "/one.jpg" + ones, ref + "/two.png" + twos, dist + "/two.bmp" + twos,
        ref + "/three.png" + threes, dist + "/three.jpg" + threes}) {
    EXPECT_THAT(errors(), HasSubstr(line));
  }
}

TEST_F(IqaCommand, ResultsDoNotDependOnThreads) {
  std::string csv = "reference,distorted\n";
  for (int i = 0; i < 20; ++i) {
    csv += file(i % 3 == 0 ? "pair1_ref.png" : "pair2_ref.png") + ",";
    csv += file(i % 3 == 0 ? "pair1_noise.png" : "pair2_blur.png") + "\n";
  }
  write_file(folder_ / "pairs.csv", std::string_view(csv));
  const std::string arguments =
      "--format csv --metric gradient,unique,ssim --pairs " + (folder_ / "pairs.csv").string();
  EXPECT_EQ(iqa("--threads 1 " + arguments).text, iqa("--threads 4 " + arguments).text);
}

TEST_F(IqaCommand, DrawsAMap) {
  const std::string both = file("pair1_ref.png") + " " + file("pair1_blur.png");
  EXPECT_EQ(exit_status(iqa("--map " + (folder_ / "map.png").string() + " " + both)), 0);
  EXPECT_EQ(read_image(folder_ / "map.png").width(), 72);
  EXPECT_EQ(exit_status(iqa("--map " + (folder_ / "map.xyz").string() + " " + both)), 1);
}

TEST_F(IqaCommand, RefusesWhatItDoesNotUnderstand) {
  EXPECT_EQ(exit_status(iqa("")), 2);
  EXPECT_EQ(exit_status(iqa(file("pair1_ref.png"))), 2);
  EXPECT_EQ(exit_status(iqa("--metric vmaf a.png b.png")), 2);
  EXPECT_EQ(exit_status(iqa("--map m.png " + (folder_ / "ref").string() + " " +
                            (folder_ / "dist").string())),
            2);
  EXPECT_EQ(exit_status(iqa((folder_ / "ref").string() + " " + file("pair1_ref.png"))), 1);
  EXPECT_EQ(exit_status(iqa(file("pair1_ref.png") + " " + file("pair2_ref.png"))), 1);
  EXPECT_THAT(errors(), HasSubstr("sizes must match"));
  for (const char* option : {"--every 2 ", "--pooled "}) {
    EXPECT_EQ(exit_status(iqa(option + file("pair1_ref.png") + " " + file("pair1_blur.png"))), 1);
    EXPECT_THAT(errors(), HasSubstr("--every and --pooled are of two videos"));
  }
}

TEST_F(IqaCommand, InfoDescribesADecoder) {
  const auto output =
      testing::run_shell(fmt::format("{} info {}", GRADSPACE_COMMAND, decoder_.string()));
  EXPECT_EQ(exit_status(output), 0);
  EXPECT_THAT(output.text, HasSubstr("linear decoder"));
  EXPECT_THAT(output.text, HasSubstr("400"));
}

TEST_F(IqaCommand, ImportsThePublishedDecoder) {
  const auto data = testing::shared_data();
  if (!data) {
    GTEST_SKIP() << "GRADSPACE_TEST_DATA is not set";
  }
  const fs::path published = *data / "data" / "iqa" / "ImageNet_Weights_YGCr.mat";
  const fs::path imported = folder_ / "imported.safetensors";
  const auto output = testing::run_shell(fmt::format(
      "{} import {} --out {} --quiet", GRADSPACE_COMMAND, published.string(), imported.string()));
  EXPECT_EQ(exit_status(output), 0);
  EXPECT_EQ(load_decoder(imported), load_decoder(published));
}

}  // namespace
}  // namespace gradspace

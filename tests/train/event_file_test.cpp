#include "train/event_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/file.h"
#include "gradspace/error.h"
#include "gradspace/train.h"
#include "support/test_files.h"
#include "train/fakes.h"

namespace gradspace {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::ThrowsMessage;

bool have_reader() {
  return *GRADSPACE_PYTHON != '\0' &&
         system(GRADSPACE_PYTHON " -c 'import PIL' 2>/dev/null") == 0;  // NOLINT: our own words
}

/// The events of a file as an independent reader sees them (read_events.py).
std::vector<nlohmann::json> read_events(const std::filesystem::path& file) {
  const std::string command =
      fmt::format("{} {} '{}'", GRADSPACE_PYTHON, GRADSPACE_READ_EVENTS, file.string());
  FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  std::array<char, 4096> block{};
  while (const std::size_t got = fread(block.data(), 1, block.size(), pipe)) {
    text.append(block.data(), got);
  }
  EXPECT_EQ(pclose(pipe), 0) << "the reader refused " << file;
  std::vector<nlohmann::json> events;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    events.push_back(nlohmann::json::parse(line));
  }
  return events;
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

TEST(MaskedCrc32c, OfTheStandardCheckString) {
  const std::string_view check = "123456789";
  const auto crc =
      masked_crc32c(std::span(reinterpret_cast<const std::uint8_t*>(check.data()), check.size()));
  EXPECT_EQ(crc, std::rotr(0xE3069283U, 15) + 0xA282EAD8U);  // RFC 3720's CRC, masked
}

TEST(EventFile, IsReadByOthers) {
  if (!have_reader()) {
    GTEST_SKIP() << "no Python with Pillow";
  }
  const testing::TemporaryFolder folder;
  const Image grey = testing::random_image(5, 3, 1, 1);
  const Image colour = testing::random_image(2, 4, 3, 2);
  EventFile file(folder / "new/folder");
  const std::vector<std::pair<std::string, double>> scalars = {
      {"loss/train", 812.4375}, {"kld/train", -0.0}, {"loss/validation", 1e-30}};
  file.session_start(3);
  file.scalars(3, scalars);
  file.image(std::int64_t{1} << 40, "grey", grey);
  file.image(4, "colour", colour);

  // Not closed: what is written can be read at once.
  const auto events = read_events(file.path());
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(events[0].at("file_version"), "brain.Event:2");
  EXPECT_EQ(events[1].at("session_status"), 1);
  EXPECT_EQ(events[1].at("step"), 3);
  EXPECT_EQ(events[2].at("step"), 3);
  EXPECT_EQ(events[2].at("scalars").size(), 3U);
  EXPECT_EQ(events[2].at("scalars").at("loss/train"), 812.4375);
  EXPECT_EQ(events[2].at("scalars").at("kld/train"), 0.0);
  EXPECT_FLOAT_EQ(events[2].at("scalars").at("loss/validation").get<float>(), 1e-30F);
  EXPECT_EQ(events[3].at("step"), std::int64_t{1} << 40);
  EXPECT_EQ(events[3].at("images").at("grey").at("pixels"),
            (std::vector<std::uint8_t>(grey.pixels().begin(), grey.pixels().end())));
  EXPECT_EQ(events[4].at("images").at("colour").at("pixels"),
            (std::vector<std::uint8_t>(colour.pixels().begin(), colour.pixels().end())));
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(events[2].at("wall_time").get<double>(), now, 60);
}

TEST(EventFile, OfOneSecondHaveTwoNamesInOrder) {
  const testing::TemporaryFolder folder;
  const EventFile first(folder.path());
  const EventFile second(folder.path());
  EXPECT_THAT(first.path().filename().string(),
              MatchesRegex("events\\.out\\.tfevents\\.[0-9]{10}\\..+"));
  EXPECT_LT(first.path(), second.path());
  EXPECT_EQ(files_in(folder.path()).size(), 2U);
}

TEST(EventFile, SaysWhyItCannotBeMade) {
  const testing::TemporaryFolder folder;
  write_file(folder / "file", std::string_view("not a folder"));
  EXPECT_THAT([&] { EventFile(folder / "file"); },
              ThrowsMessage<IoError>(HasSubstr("file: can't make the folder")));
}

TEST(TrainingLog, OfAResumedRunGoesOnInANewFile) {
  if (!have_reader()) {
    GTEST_SKIP() << "no Python with Pillow";
  }
  const testing::TemporaryFolder folder;
  const AutoencoderSpec spec = testing::tiny_spec();
  const ImageStore train(testing::FakeSource(10, spec.input, 1), spec.input);
  const ImageStore validation(testing::FakeSource(3, spec.input, 2), spec.input);
  TrainOptions options;
  options.batch = 4;
  options.checkpoint = folder / "checkpoint";
  options.log_folder = folder / "log";
  options.resume = true;
  std::vector<EpochRecord> epochs;
  for (const int end : {2, 12}) {
    options.epochs = end;
    testing::FakeBackend backend(initialise(spec, 0), options);
    epochs = train_autoencoder(spec, train, validation, backend, options).epochs;
  }
  ASSERT_EQ(epochs.size(), 12U);

  const auto files = files_in(folder / "log");
  ASSERT_EQ(files.size(), 2U);
  std::map<int, nlohmann::json> scalars;
  std::map<int, nlohmann::json> images;
  for (const auto& file : files) {
    for (const nlohmann::json& event : read_events(file)) {
      const int step = event.at("step");
      if (event.contains("scalars")) {
        EXPECT_TRUE(scalars.emplace(step, event.at("scalars")).second) << step << " twice";
      }
      if (event.contains("images")) {
        images[step] = event.at("images");
      }
      if (event.contains("session_status")) {
        EXPECT_EQ(step, 3);
        EXPECT_EQ(file, files[1]);
      }
    }
  }
  ASSERT_EQ(scalars.size(), 12U);
  for (const EpochRecord& record : epochs) {
    const nlohmann::json& values = scalars.at(record.epoch);
    EXPECT_EQ(values.at("loss/train"), static_cast<float>(record.train.loss));
    EXPECT_EQ(values.at("loss/validation"), static_cast<float>(record.validation.loss));
    EXPECT_EQ(values.at("bce/train"), static_cast<float>(record.train.term("bce")));
    EXPECT_EQ(values.at("bce/validation"), static_cast<float>(record.validation.term("bce")));
    EXPECT_EQ(values.at("kld/train"), static_cast<float>(record.train.term("kld")));
    EXPECT_EQ(values.at("kld/validation"), static_cast<float>(record.validation.term("kld")));
  }
  ASSERT_EQ(images.size(), 2U);  // epochs 1 and 10
  const nlohmann::json& picture = images.at(10).at("validation/input_above_reconstruction");
  EXPECT_EQ(picture.at("width"), 3 * 4);
  EXPECT_EQ(picture.at("height"), 2 * 4);
  const std::vector<std::uint8_t> pixels = picture.at("pixels");
  for (std::size_t y = 0; y < 4; ++y) {
    for (std::size_t x = 0; x < 12; ++x) {
      const int input = validation.image(x / 4)[y * 4 + x % 4];
      EXPECT_EQ(pixels[y * 12 + x], input);
      EXPECT_NEAR(pixels[(y + 4) * 12 + x], input / 2.0, 0.51);  // FakeBackend halves
    }
  }
}

}  // namespace
}  // namespace gradspace

#include "data/cifar10_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gradspace/error.h"
#include "sources/source_files.h"
#include "support/test_files.h"

namespace gradspace {
namespace {

using testing::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// A record whose red, green and blue are base, base + 1, base + 2 but for the last pixel of each.
Bytes record(std::uint8_t label, std::uint8_t base) {
  Bytes bytes = {label};
  for (int channel = 0; channel < 3; ++channel) {
    bytes.insert(bytes.end(), 1023, static_cast<std::uint8_t>(base + channel));
    bytes.push_back(static_cast<std::uint8_t>(200 + channel));
  }
  return bytes;
}

Bytes joined(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(Cifar10Source, ReadsRecordsOfAFolderInOrder) {
  const testing::TemporaryFolder folder;
  write_file(folder / "test_batch.bin", record(9, 50));
  write_file(folder / "data_batch_2.bin", joined(record(3, 30), record(4, 40)));
  write_file(folder / "batches.meta.txt", std::string_view("airplane\n"));
  const auto source = open_source(folder.path());
  EXPECT_EQ(source->kind(), SourceKind::kCifar10);
  EXPECT_THAT(testing::paths_of(*source),
              ElementsAre("data_batch_2.bin#0", "data_batch_2.bin#1", "test_batch.bin#0"));
  EXPECT_EQ(source->info(1).set, "train");
  EXPECT_EQ(source->info(1).object_class, 4);
  EXPECT_EQ(source->info(2).set, "test");
  EXPECT_EQ(source->info(2).object_class, 9);
  const Image image = source->load(1);
  EXPECT_EQ(image.width(), 32);
  EXPECT_EQ(image.height(), 32);
  EXPECT_THAT(image.row(0).first(3), ElementsAre(40, 41, 42));
  EXPECT_THAT(image.row(31).last(3), ElementsAre(200, 201, 202));
  testing::expect_fitted_as_loaded(*source);
}

TEST(Cifar10Source, TakesOneFileAndAnotherNameOnRequest) {
  const testing::TemporaryFolder folder;
  write_file(folder / "test_batch.bin", record(1, 10));
  write_file(folder / "mine.bin", record(2, 20));
  EXPECT_EQ(open_source(folder / "test_batch.bin")->size(), 1U);
  EXPECT_THROW(open_source(folder / "mine.bin"), FormatError);
  EXPECT_EQ(open_source(folder / "mine.bin", SourceKind::kCifar10)->info(0).object_class, 2);
}

TEST(Cifar10Source, RefusesPartsOfRecords) {
  const testing::TemporaryFolder folder;
  for (const std::size_t size : {0UL, 1UL, 3072UL, 3074UL, 6145UL}) {
    write_file(folder / "data_batch_1.bin", Bytes(size));
    EXPECT_THAT([&] { open_source(folder.path(), SourceKind::kCifar10); },
                ThrowsMessage<FormatError>(HasSubstr(std::to_string(size) + " bytes")));
  }
}

TEST(Cifar10Source, AWrongClassIsThatImagesErrorOnly) {
  const testing::TemporaryFolder folder;
  write_file(folder / "data_batch_1.bin", joined(record(10, 1), record(9, 2)));
  const auto source = open_source(folder.path());
  EXPECT_EQ(source->info(0).object_class, -1);
  EXPECT_THAT([&] { source->load(0); },
              ThrowsMessage<FormatError>(HasSubstr("data_batch_1.bin#0: class 10")));
  EXPECT_NO_THROW(source->load(1));
  FixedSizeReader reader(32, 32, 3);
  Bytes out(reader.size());
  EXPECT_THAT([&] { source->load_fitted(0, reader, out); },
              ThrowsMessage<FormatError>(HasSubstr("data_batch_1.bin#0: class 10")));
}

TEST(Cifar10Source, AFolderWithoutItsFilesIsAnError) {
  const testing::TemporaryFolder folder;
  EXPECT_THAT([&] { open_source(folder.path(), SourceKind::kCifar10); },
              ThrowsMessage<FormatError>(HasSubstr("no CIFAR-10 binary")));
}

}  // namespace
}  // namespace gradspace

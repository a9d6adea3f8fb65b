#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "gradspace/error.h"
#include "gradspace/image.h"
#include "image/test_images.h"

namespace gradspace {
namespace {

using testing::ByteVector;
using ::testing::HasSubstr;
using testing::random_image;
using ::testing::ThrowsMessage;

/// An image as somebody else might hold it: rows apart, noise between them, another order. The buffer
/// ends with the last row's last sample, so that the address sanitizer sees a read behind it.
struct Frame {
  Frame(const Image& image, std::size_t padding, ChannelOrder order, Random& random)
      : width(image.width()),
        height(image.height()),
        channels(image.channels()),
        stride(image.row(0).size() + padding),
        channel_order(order) {
    buffer.resize(static_cast<std::size_t>(height - 1) * stride + image.row(0).size());
    std::ranges::generate(buffer, [&] { return static_cast<std::uint8_t>(random.below(256)); });
    for (int y = 0; y < height; ++y) {
      std::uint8_t* row = buffer.data() + static_cast<std::size_t>(y) * stride;
      std::ranges::copy(image.row(y), row);
      for (int x = 0; channels == 3 && order == ChannelOrder::kBgr && x < width; ++x) {
        std::swap(row[3 * x], row[3 * x + 2]);
      }
    }
    buffer.shrink_to_fit();
  }

  ImageView view() const { return {buffer, width, height, channels, stride, channel_order}; }

  ByteVector buffer;
  int width;
  int height;
  int channels;
  std::size_t stride;
  ChannelOrder channel_order;
};

TEST(ImageView, OfAnImageIsAllOfIt) {
  const Image image = random_image(7, 5, 3, 1);
  const ImageView view = image;
  EXPECT_EQ(view.width(), 7);
  EXPECT_EQ(view.height(), 5);
  EXPECT_EQ(view.channels(), 3);
  EXPECT_EQ(view.stride(), 21U);
  EXPECT_EQ(view.order(), ChannelOrder::kRgb);
  EXPECT_EQ(view.row(4).data(), image.row(4).data());
  EXPECT_EQ(view.row(4).size(), 21U);
}

// Whatever a function makes of a packed RGB image it makes of the same pixels with rows apart and in
// the other order.
TEST(ImageView, WithStrideAndBgrIsThePackedImage) {
  Random random(1);
  for (int trial = 0; trial < 300; ++trial) {
    const auto side = [&] {
      return 1 + static_cast<int>(random.below(trial % 10 == 0 ? 150 : 40));
    };
    const Image image = random_image(side(), side(), random.chance(0.7) ? 3 : 1, random.next());
    const ChannelOrder order = random.chance(0.5) ? ChannelOrder::kBgr : ChannelOrder::kRgb;
    const Frame frame(image, random.chance(0.3) ? 0 : random.below(70), order, random);
    const ImageView view = frame.view();
    SCOPED_TRACE(::testing::Message()
                 << image.width() << "x" << image.height() << "x" << image.channels() << " stride "
                 << frame.stride << " " << (order == ChannelOrder::kBgr ? "BGR" : "RGB"));
    EXPECT_EQ(to_rgb(view), to_rgb(image));
    EXPECT_EQ(to_grey(view), to_grey(image));
    // Sizes of which some equal the image's: each pass of resizing is left out now and then.
    const int width = random.chance(0.3) ? image.width() : side();
    const int height = random.chance(0.3) ? image.height() : side();
    const Image resized = resize_bilinear(image, width, height);
    EXPECT_EQ(resize_bilinear(view, width, height), resized);
    for (const int channels : {1, 3}) {
      FixedSizeReader reader(width, height, channels);
      ByteVector fitted(reader.size());
      reader.fit(view, fitted);
      const Image expected =
          resize_bilinear(channels == 3 ? to_rgb(image) : to_grey(image), width, height);
      EXPECT_THAT(fitted, ::testing::ElementsAreArray(expected.pixels())) << channels;
    }
    for (const ImageFormat format :
         {ImageFormat::kBmp, ImageFormat::kPnm, ImageFormat::kPng, ImageFormat::kJpeg}) {
      EXPECT_EQ(encode_image(view, format), encode_image(image, format));
    }
  }
}

TEST(ImageView, MayShowAPartOfALargerImage) {
  const Image whole = random_image(50, 40, 3, 2);
  const ImageView part(whole.row(10).data() + 3 * 20, 16, 12, 3, whole.row(0).size());
  const Image cut = to_rgb(part);
  for (int y = 0; y < 12; ++y) {
    EXPECT_TRUE(std::ranges::equal(cut.row(y), whole.row(10 + y).subspan(60, 48))) << y;
  }
}

TEST(ImageView, RefusesWhatIsNoImage) {
  const ByteVector bytes(100);
  const std::uint8_t* data = bytes.data();
  constexpr std::size_t kHuge = std::numeric_limits<std::size_t>::max();
  EXPECT_THAT([] { ImageView(nullptr, 1, 1, 3, 3); },
              ThrowsMessage<InvalidArgument>(HasSubstr("null pointer")));
  EXPECT_THAT([&] { ImageView(data, 4, 4, 3, 11); },
              ThrowsMessage<InvalidArgument>(HasSubstr("rows of 12 bytes lie 11 apart")));
  EXPECT_THROW(ImageView(data, 4, 4, 3, 0), InvalidArgument);
  EXPECT_THAT([&] { ImageView(data, 4, 4, 3, kHuge / 2); },
              ThrowsMessage<InvalidArgument>(HasSubstr("more than memory can hold")));
  EXPECT_THROW(ImageView(data, 4, 1, 3, kHuge), InvalidArgument);
  EXPECT_THROW(ImageView(data, 0, 4, 3, 12), InvalidArgument);
  EXPECT_THROW(ImageView(data, 4, -1, 3, 12), InvalidArgument);
  EXPECT_THROW(ImageView(data, 1 << 15, (1 << 13) + 1, 1, 1 << 15), InvalidArgument);
  EXPECT_THROW(ImageView(data, std::numeric_limits<int>::max(), 1, 3, kHuge / 4), InvalidArgument);
  for (const int channels : {-1, 0, 2, 4}) {
    EXPECT_THROW(ImageView(data, 2, 2, channels, 50), InvalidArgument) << channels;
  }
}

TEST(ImageView, RefusesABufferThatEndsTooEarly) {
  const ByteVector bytes(3 * 16 + 12);
  EXPECT_NO_THROW(ImageView(bytes, 4, 4, 3, 16));
  EXPECT_THAT([&] { ImageView(std::span(bytes).first(59), 4, 4, 3, 16); },
              ThrowsMessage<InvalidArgument>(HasSubstr("needs 60 bytes, the buffer has 59")));
  EXPECT_THROW(ImageView(std::span<const std::uint8_t>(), 4, 4, 3, 16), InvalidArgument);
}

TEST(ToRgbAndToGrey, HandOnWhatIsGivenAway) {
  Image colour = random_image(3, 3, 3, 1);
  const std::uint8_t* pixels = colour.pixels().data();
  const Image same = to_rgb(std::move(colour));
  EXPECT_EQ(same.pixels().data(), pixels);
  Image grey = random_image(3, 3, 1, 1);
  pixels = grey.pixels().data();
  EXPECT_EQ(to_grey(std::move(grey)).pixels().data(), pixels);
  EXPECT_EQ(to_grey(Image(1, 1, 3, {255, 0, 0})), Image(1, 1, 1, {76}));
}

}  // namespace
}  // namespace gradspace

#include "matlab/matlab_elements.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "gradspace/error.h"

namespace gradspace {
namespace {

using Bytes = std::vector<std::uint8_t>;

void append(Bytes& bytes, const Bytes& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

Bytes words(const std::vector<std::uint32_t>& values) {
  Bytes bytes(4 * values.size());
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// A tag, the data, zeros up to a multiple of eight bytes.
Bytes element(std::uint32_t type, const Bytes& data) {
  Bytes bytes = words({type, static_cast<std::uint32_t>(data.size())});
  append(bytes, data);
  bytes.resize((bytes.size() + 7) / 8 * 8);
  return bytes;
}

/// An array called "x" of a class, with what follows its name.
Bytes matrix(std::uint32_t array_class, const std::vector<std::uint32_t>& dimensions,
             const Bytes& content) {
  Bytes inside = element(6, words({array_class, 0}));
  append(inside, element(5, words(dimensions)));
  append(inside, element(1, {'x'}));
  append(inside, content);
  return element(14, inside);
}

Bytes file_of(const Bytes& elements) {
  Bytes bytes(128);
  std::memcpy(bytes.data(), "MATLAB 5.0", 10);
  bytes[124] = 0;
  bytes[125] = 1;
  bytes[126] = 'I';
  bytes[127] = 'M';
  append(bytes, elements);
  return bytes;
}

Bytes compressed(const Bytes& inside) {
  uLongf size = compressBound(inside.size());
  Bytes packed(size);
  EXPECT_EQ(compress(packed.data(), &size, inside.data(), inside.size()), Z_OK);
  packed.resize(size);
  Bytes bytes = words({15, static_cast<std::uint32_t>(size)});
  append(bytes, packed);
  return bytes;
}

bool is_sound(const Bytes& elements) {
  try {
    check_matlab_elements("a.mat", file_of(elements));
    return true;
  } catch (const FormatError& error) {
    EXPECT_THAT(error.what(), ::testing::StartsWith("a.mat: "));
    return false;
  }
}

const Bytes kThreeBytes = element(2, {1, 2, 3});

TEST(MatlabElements, TakeWhatIsThere) {
  const Bytes numbers = matrix(6, {3, 1}, kThreeBytes);
  EXPECT_TRUE(is_sound(numbers));
  EXPECT_TRUE(is_sound(compressed(numbers)));
  Bytes two = numbers;
  append(two, numbers);
  EXPECT_TRUE(is_sound(matrix(1, {2, 1}, two)));
  Bytes fields = element(5, words({4}));
  append(fields, element(1, {'a', 0, 0, 0, 'b', 0, 0, 0}));
  append(fields, two);
  EXPECT_TRUE(is_sound(matrix(2, {1, 1}, fields)));
  // A sparse array of 10^10 places, of which no value is read.
  EXPECT_TRUE(is_sound(matrix(5, {100'000, 100'000}, {})));
}

TEST(MatlabElements, RefuseMoreThanIsThere) {
  EXPECT_FALSE(is_sound({}));
  EXPECT_FALSE(is_sound(matrix(6, {4, 1}, kThreeBytes)));
  EXPECT_FALSE(is_sound(matrix(6, {0x8000'0000, 0x8000'0000, 4}, kThreeBytes)));
  EXPECT_FALSE(is_sound(matrix(1, {0x7FFF'FFFF, 1}, matrix(6, {3, 1}, kThreeBytes))));
  EXPECT_FALSE(is_sound(compressed(matrix(1, {2, 1}, matrix(6, {3, 1}, kThreeBytes)))));
  Bytes fields = element(5, words({0}));
  append(fields, element(1, {'a', 0, 0, 0}));
  EXPECT_FALSE(is_sound(matrix(2, {1, 1}, fields))) << "names of no characters";
  EXPECT_FALSE(is_sound(matrix(17, {1, 1}, {}))) << "an object";
}

TEST(MatlabElements, RefuseEveryLengthThatLeavesItsParent) {
  const Bytes numbers = matrix(6, {3, 1}, kThreeBytes);
  // Bytes 4 to 7 of each tag: the array, its flags, its dimensions, its name, its values.
  for (const std::size_t at : {4U, 12U, 28U, 44U, 60U}) {
    Bytes damaged = numbers;
    damaged[at + 3] = 0x7F;
    EXPECT_FALSE(is_sound(damaged)) << at;
    EXPECT_FALSE(is_sound(compressed(damaged))) << at;
  }
}

TEST(MatlabElements, RefuseDamagedAndEndlessCompression) {
  Bytes damaged = compressed(matrix(6, {3, 1}, kThreeBytes));
  damaged[20] ^= 0xFF;
  EXPECT_FALSE(is_sound(damaged));
  EXPECT_FALSE(is_sound(compressed(Bytes((std::size_t{64} << 20) + 1))));
}

TEST(MatlabElements, RefuseDeepNestsAndTooManyCells) {
  Bytes nested = matrix(6, {3, 1}, kThreeBytes);
  for (int depth = 0; depth < 8; ++depth) {
    nested = matrix(1, {1, 1}, nested);
  }
  EXPECT_TRUE(is_sound(nested));
  EXPECT_FALSE(is_sound(matrix(1, {1, 1}, nested)));
  Bytes cells;
  for (int i = 0; i < 200'000; ++i) {
    append(cells, element(14, {}));
  }
  EXPECT_FALSE(is_sound(matrix(1, {200'000, 1}, cells)));
}

}  // namespace
}  // namespace gradspace
